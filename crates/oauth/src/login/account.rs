//! An account at an identity provider, as a sign-in keeps it.

use serde::{Deserialize, Serialize};

use crate::web::discovery::ExternalIssuer;

/// Maximum length of an identifier of an account, in bytes (OpenID Connect Core §2 allows 255 characters).
const MAX_ID: usize = 256;

/// Maximum length of a name or e-mail address of an account, in bytes. A longer one is ignored.
const MAX_CLAIM: usize = 320;

/// An account at an identity provider: what the list of those who may enter is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub(crate) issuer: String,
    /// What the provider calls the person for ever. Compared byte for byte.
    pub(crate) id: String,
    /// What they call themselves there. Compared in any case.
    pub(crate) login: Option<String>,
    /// Verified by the provider, or taken on trust: [`Admission`] says which.
    pub(crate) email: Option<String>,
}

/// An identifier that is longer than any that OpenID Connect knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl Account {
    /// Takes what a provider says. Names and addresses that nobody has, because of their length, are left out.
    ///
    /// # Errors
    ///
    /// Returns [`TooLong`] for an identifier of more than 256 bytes.
    pub fn new(issuer: &ExternalIssuer, id: &str, login: Option<&str>, email: Option<&str>) -> Result<Self, TooLong> {
        if id.len() > MAX_ID {
            return Err(TooLong);
        }
        let claim = |claim: Option<&str>| claim.filter(|claim| claim.len() <= MAX_CLAIM).map(str::to_owned);
        Ok(Self { issuer: issuer.as_str().to_owned(), id: id.to_owned(), login: claim(login), email: claim(email) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer() -> ExternalIssuer {
        ExternalIssuer::parse("https://id.example").unwrap()
    }

    #[test]
    fn what_a_provider_says_is_kept_bounded() {
        let long = |length: usize| "x".repeat(length);
        assert_eq!(Account::new(&issuer(), &long(257), None, None), Err(TooLong));
        let account = Account::new(&issuer(), &long(256), Some(&long(320)), Some(&long(321))).unwrap();
        assert_eq!(account.login.map(|login| login.len()), Some(320));
        assert_eq!(account.email, None);
    }
}
