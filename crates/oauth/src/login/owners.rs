//! `OWNERS`: the accounts of an identity provider that own this server.

use thiserror::Error;

use mcp_connector_base::identifier::Subject;

use crate::external_issuer::token::subject_of;
use crate::web::discovery::ExternalIssuer;

/// Maximum number of owners of a server.
const MAX_OWNERS: usize = 16;

/// The accounts of an identity provider that own this server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owners(Vec<String>);

/// The list is too long, or has an entry that can change hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "name at most {MAX_OWNERS} people by the identifiers that the provider gives them, and not by e-mail addresses"
)]
pub struct InvalidOwners;

impl Owners {
    /// Parses a list that is separated by spaces or commas. An entry is the permanent identifier at the provider (`sub`, or the
    /// number at GitHub), or the subject at this server. An e-mail address or a login is not allowed, because another person may
    /// get it.
    ///
    /// # Errors
    ///
    /// There are more than 16 entries, or one is an e-mail address, a domain or `*`.
    pub fn parse(text: &str) -> Result<Self, InvalidOwners> {
        let entries: Vec<String> =
            text.split([' ', ',', '\n', '\t']).filter(|entry| !entry.is_empty()).map(str::to_owned).collect();
        let is_no_identifier = |entry: &String| entry == "*" || entry.contains('@');
        if entries.len() > MAX_OWNERS || entries.iter().any(is_no_identifier) {
            return Err(InvalidOwners);
        }
        Ok(Self(entries))
    }

    /// Returns whether the list has the person whom `issuer` knows as `subject`.
    #[must_use]
    pub fn contains(&self, subject: &Subject, issuer: &ExternalIssuer) -> bool {
        let is_one = |entry: &String| {
            entry == subject.as_str() || subject_of(issuer, entry).is_ok_and(|named| named == *subject)
        };
        self.0.iter().any(is_one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer() -> ExternalIssuer {
        ExternalIssuer::parse("https://id.example").unwrap()
    }

    #[test]
    fn an_owner_is_configured_by_the_subject_at_the_provider_or_at_this_server() {
        let subject = subject_of(&issuer(), "248289").unwrap();
        for (name, list, is_owner) in [
            ("nobody", "", false),
            ("what the provider calls them", "1, 248289", true),
            ("what this server calls them", subject.as_str(), true),
            ("another", "24828", false),
        ] {
            assert_eq!(Owners::parse(list).unwrap().contains(&subject, &issuer()), is_owner, "{name}");
        }
        let elsewhere = ExternalIssuer::parse("https://other.example").unwrap();
        assert!(!Owners::parse("248289").unwrap().contains(&subject, &elsewhere), "the same name at another provider");
        for list in ["jane@example.com", "248289 @example.com", "*", &"x ".repeat(17)] {
            assert_eq!(Owners::parse(list), Err(InvalidOwners), "{list}");
        }
    }
}
