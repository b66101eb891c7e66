//! `ALLOWED_USERS`: who may sign in through an identity provider.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::login::account::Account;

/// The entry that allows everybody with an account at the provider.
const EVERYBODY: &str = "*";

/// Maximum number of entries.
const MAX_ALLOWED: usize = 256;

/// The people who may sign in through an identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedUsers(Vec<String>);

impl fmt::Display for AllowedUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// Why a text is not a list of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidAllowedUsers {
    #[error("name who may sign in, separated by spaces: identifiers, e-mail addresses, @domains, or * for everybody")]
    Nobody,
    /// There are more than 256 entries. To ignore some would silently exclude people.
    #[error("name at most {MAX_ALLOWED} people or @domains")]
    TooMany,
}

impl AllowedUsers {
    /// Parses a list that is separated by spaces or commas. An entry is an identifier or a login at the provider, a verified
    /// e-mail address, a domain for all its verified addresses (`@example.com`), or `*`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidAllowedUsers::Nobody`] for an empty list, and [`InvalidAllowedUsers::TooMany`] for more than
    /// 256 entries.
    pub fn parse(text: &str) -> Result<Self, InvalidAllowedUsers> {
        let entries = text.split([' ', ',', '\n', '\t']).filter(|entry| !entry.is_empty());
        let entries: Vec<String> = entries.map(str::to_owned).collect();
        match entries.len() {
            0 => Err(InvalidAllowedUsers::Nobody),
            1..=MAX_ALLOWED => Ok(Self(entries)),
            _ => Err(InvalidAllowedUsers::TooMany),
        }
    }

    /// Returns whether an account is on the list.
    #[must_use]
    pub fn allows(&self, account: &Account) -> bool {
        self.0.iter().any(|entry| {
            entry == EVERYBODY
                || account.id == *entry
                || account.login.as_ref().is_some_and(|login| is_login(login, entry))
                || account.email.as_ref().is_some_and(|email| is_at(email, entry))
        })
    }

    /// Returns whether this list includes everybody on `other`.
    pub(crate) fn has_all_of(&self, other: &Self) -> bool {
        self.0.iter().any(|entry| entry == EVERYBODY) || other.0.iter().all(|entry| self.0.contains(entry))
    }

    pub(crate) fn entries(&self) -> &[String] {
        &self.0
    }
}

/// Returns whether `entry` is the login of an account. A number is never a login, because anybody may choose another person's
/// number as login.
pub(crate) fn is_login(login: &str, entry: &str) -> bool {
    login.eq_ignore_ascii_case(entry) && !entry.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether an address is `entry`, or in its domain.
pub(crate) fn is_at(email: &str, entry: &str) -> bool {
    match entry.strip_prefix('@') {
        Some(domain) => email.rsplit_once('@').is_some_and(|(_, host)| host.eq_ignore_ascii_case(domain)),
        None => email.eq_ignore_ascii_case(entry),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_at_least_one_and_at_most_256_users() {
        assert_eq!(AllowedUsers::parse(" , "), Err(InvalidAllowedUsers::Nobody));
        assert!(AllowedUsers::parse(&"a ".repeat(MAX_ALLOWED)).is_ok());
        assert_eq!(AllowedUsers::parse(&"a ".repeat(MAX_ALLOWED + 1)), Err(InvalidAllowedUsers::TooMany));
    }
}
