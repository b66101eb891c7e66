//! The pages for people: what stands on them, as text. Pure functions; routes and forms are the edge's.
//!
//! All of them share one frame and one style sheet, load nothing, and work without JavaScript, by keyboard and screen reader.

pub(crate) mod account;
pub(crate) mod all_clients;
pub(crate) mod clients;
pub(crate) mod consent;
pub(crate) mod frame;
pub(crate) mod home;
pub(crate) mod login;
pub(crate) mod not_set_up;
pub(crate) mod palette;
pub(crate) mod problem;
pub(crate) mod untrusted_text;
pub(crate) mod when;

pub(crate) use crate::pages::account::{NOTICE_FIELD, account, account_login, account_way_in};
pub(crate) use crate::pages::all_clients::all_clients;
pub(crate) use crate::pages::consent::consent;
pub(crate) use crate::pages::home::home;
pub(crate) use crate::pages::login::login;
pub(crate) use crate::pages::not_set_up::{closed, not_set_up, weak_passphrase};
pub(crate) use crate::pages::problem::{failure, problem};

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
