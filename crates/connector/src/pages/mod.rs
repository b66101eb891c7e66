//! The pages for people: functions from what a page says to its content. Routes and forms are elsewhere.
//!
//! All pages share one frame and one style sheet. They load nothing but the connector's icon, and work by keyboard and with a
//! screen reader; without JavaScript, too, except for passkeys.

pub(crate) mod account;
pub(crate) mod components;
pub(crate) mod connect;
pub(crate) mod consent;
pub(crate) mod error;
pub(crate) mod frame;
pub(crate) mod home;
pub(crate) mod login;
pub(crate) mod not_set_up;
pub(crate) mod place;
pub(crate) mod reauthentication;
pub(crate) mod remember;
pub(crate) mod untrusted_text;
pub(crate) mod upload;
pub(crate) mod when;
pub(crate) mod wrong_address;

pub(crate) use crate::pages::account::access_key_made::access_key_made;
pub(crate) use crate::pages::account::clients::all_clients;
pub(crate) use crate::pages::account::export::export;
pub(crate) use crate::pages::account::new_passkey::new_passkey;
pub(crate) use crate::pages::account::page::account;
pub(crate) use crate::pages::account::people::people;
pub(crate) use crate::pages::account::person::person;
pub(crate) use crate::pages::account::sign_in::{account_login, account_provider_login};
pub(crate) use crate::pages::connect::connect;
pub(crate) use crate::pages::consent::consent;
pub(crate) use crate::pages::error::{error, failure};
pub(crate) use crate::pages::home::page::home;
pub(crate) use crate::pages::login::login;
pub(crate) use crate::pages::not_set_up::{closed, not_set_up, weak_passphrase};
pub(crate) use crate::pages::reauthentication::confirm;
pub(crate) use crate::pages::wrong_address::signs_in_elsewhere;

/// The name of the hidden field with the sealed request.
pub(crate) const SEALED_FIELD: &str = "request";

/// Where a form is sent, and the sealed value that it carries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FormTarget<'a> {
    /// The path that the form is sent to.
    pub(crate) action: &'a str,
    /// The value of [`SEALED_FIELD`].
    pub(crate) sealed: &'a str,
}

#[cfg(test)]
mod tests;
