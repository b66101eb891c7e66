//! An account at an identity provider, as a sign-in stores it.

use serde::{Deserialize, Serialize};

use crate::web::discovery::ExternalIssuer;

/// Maximum length of the identifier of an account, in bytes. OpenID Connect Core §2 allows 255 characters.
const MAX_ID: usize = 256;

/// Maximum length of a name or e-mail address, in bytes. A longer one is ignored.
const MAX_CLAIM: usize = 320;

/// An account at an identity provider, to be compared with [`AllowedUsers`](crate::login::allowed_users::AllowedUsers).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub(crate) issuer: String,
    /// The permanent identifier at the provider. Compared byte for byte.
    pub(crate) id: String,
    /// The name that the person chose at the provider. Compared without regard to case.
    pub(crate) login: Option<String>,
    /// The e-mail address, verified by the provider or trusted: [`Admission`](crate::login::admission::Admission) says which.
    pub(crate) email: Option<String>,
}

/// An identifier that is longer than OpenID Connect allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl Account {
    /// Takes the claims of a provider. Names and addresses that are too long are ignored.
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
    fn the_length_of_account_data_from_a_provider_is_limited() {
        let long = |length: usize| "x".repeat(length);
        assert_eq!(Account::new(&issuer(), &long(257), None, None), Err(TooLong));
        let account = Account::new(&issuer(), &long(256), Some(&long(320)), Some(&long(321))).unwrap();
        assert_eq!(account.login.map(|login| login.len()), Some(320));
        assert_eq!(account.email, None);
    }
}
