//! The pages for people: what stands on them, as text. Pure functions; routes and forms are the edge's.
//!
//! All of them share one frame and one style sheet, load nothing, and work without JavaScript, by keyboard and screen reader.

mod account;
mod all_clients;
mod clients;
mod consent;
mod foreign;
mod frame;
mod home;
mod login;
mod not_set_up;
mod problem;
mod when;

pub(crate) use account::{
    ACTION_FIELD, AccountAction, AccountApp, AccountPage, DisplacedApp, GRANT_FIELD, NOTICE_FIELD, Notice, account,
    account_login, account_way_in,
};
pub(crate) use all_clients::{AFTER_FIELD, AllClientsPage, CLIENT_FIELD, ListedClient, all_clients};
pub(crate) use consent::{ConsentProblem, consent};
pub(crate) use frame::{FormAnswer, headers};
pub(crate) use home::{Effect, HomePage, HomeTool, Missing, home, home_headers};
pub(crate) use login::{LoginPage, LoginProblem, PASSPHRASE_FIELD, login};
pub(crate) use not_set_up::{closed, not_set_up, weak_passphrase};
pub(crate) use problem::{WayOn, failure, problem};

/// The hidden field that carries the sealed request.
pub(crate) const SEALED_FIELD: &str = "request";

/// Where the form of a page goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FormTarget<'a> {
    /// The path that takes the form.
    pub(crate) action: &'a str,
    /// The value of [`SEALED_FIELD`].
    pub(crate) sealed: &'a str,
}

#[cfg(test)]
mod tests;
