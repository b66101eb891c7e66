//! A person who signed in at an identity provider and is not on the list: what the provider sent, and what the owner can put on
//! the list.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::web::discovery::ExternalIssuer;

/// Maximum length of a provider's text, in characters. A `sub` has at most 255 (OpenID Connect Core §2).
const MAX_SHOWN: usize = 255;

/// Whether addresses count that the provider does not call verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EmailTrust {
    /// They do not count, because anybody may be able to set any address.
    #[default]
    VerifiedOnly,
    /// They count, unless the provider calls them not verified. The provider is a single tenant that assigns the addresses.
    Trusted,
}

/// An issuer of several tenants, each of which can set any address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("OPENID_ISSUER must name one tenant: in common, organizations and consumers, other tenants choose addresses")]
pub struct SeveralTenants;

/// The tenant in issuers of Entra ID that are not a single organization: those for everybody, and the tenant of all personal
/// accounts.
const SEVERAL_TENANTS: [&str; 4] = ["common", "organizations", "consumers", "9188040d-6c67-4c5b-b112-36a304b66dad"];

impl EmailTrust {
    /// Trusts the addresses of an issuer, if it is a single tenant.
    ///
    /// # Errors
    ///
    /// Returns [`SeveralTenants`] if the issuer serves several tenants, as `common` of Microsoft does.
    pub fn trusted(issuer: &ExternalIssuer) -> Result<Self, SeveralTenants> {
        let tenant = issuer.as_str().split('/').nth(3).unwrap_or_default();
        if SEVERAL_TENANTS.iter().any(|several| tenant.eq_ignore_ascii_case(several)) {
            return Err(SeveralTenants);
        }
        Ok(Self::Trusted)
    }
}

/// The address that the provider sent, and why it does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmailStatus {
    /// The address is verified, and not on the list.
    Verified,
    /// The provider sent `email` without `email_verified`, as Entra ID does.
    Unspecified(String),
    /// The provider calls `email` not verified.
    Unverified(String),
    /// The provider sent only `preferred_username`, which people can change.
    PreferredUsername(String),
    Missing,
    /// The provider is not asked for an address.
    NotRequested,
}

/// A person who is not on the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisallowedUser {
    issuer: String,
    id: String,
    address: EmailStatus,
}

impl DisallowedUser {
    /// Creates the description of the person whom `issuer` calls `id`.
    #[must_use]
    pub fn new(issuer: &ExternalIssuer, id: &str, address: EmailStatus) -> Self {
        Self { issuer: issuer.as_str().to_owned(), id: shown(id), address }
    }

    /// Returns the description of a person who has a verified address.
    #[must_use]
    pub fn with_verified_address(self) -> Self {
        Self { address: EmailStatus::Verified, ..self }
    }

    /// Returns whether the provider sent an address.
    #[must_use]
    pub const fn has_address(&self) -> bool {
        !matches!(self.address, EmailStatus::Missing | EmailStatus::NotRequested)
    }

    /// Returns whether the provider calls the address not verified.
    #[must_use]
    pub const fn is_unverified(&self) -> bool {
        matches!(self.address, EmailStatus::Unverified(_))
    }

    /// Returns what the provider sent, for the person.
    #[must_use]
    pub fn received_claims(&self) -> String {
        let named = format!("You are not on the list of this server. {} calls you {}.", self.issuer, self.id);
        match &self.address {
            EmailStatus::NotRequested => named,
            EmailStatus::Verified => format!("{named} Your verified address is not on the list either."),
            EmailStatus::Missing => format!("{named} It sent no address."),
            EmailStatus::Unspecified(address) => {
                format!(
                    "{named} It sent the address {} without saying that it is verified, so it does not count.",
                    shown(address)
                )
            }
            EmailStatus::Unverified(address) => {
                format!("{named} It sent the address {} as not verified, so it does not count.", shown(address))
            }
            EmailStatus::PreferredUsername(name) => {
                format!("{named} It sent no address, only the name {}, which does not count.", shown(name))
            }
        }
    }

    /// Returns what the owner can do, for the person and for the log.
    #[must_use]
    pub fn owner_remedy(&self) -> String {
        let entry = if self.is_entry() {
            format!("The owner can add {} to ALLOWED_USERS.", self.id)
        } else {
            "The owner cannot add this identifier to ALLOWED_USERS; a verified address is needed.".to_owned()
        };
        match &self.address {
            EmailStatus::Unspecified(_) => {
                format!("{entry} Addresses of this provider count if the owner sets OPENID_TRUST_EMAIL to true.")
            }
            EmailStatus::Verified
            | EmailStatus::Unverified(_)
            | EmailStatus::PreferredUsername(_)
            | EmailStatus::Missing
            | EmailStatus::NotRequested => entry,
        }
    }

    /// Returns whether the identifier, as an entry of the list, allows only this person. One with an `@` would also be an address
    /// or a domain.
    fn is_entry(&self) -> bool {
        !matches!(self.id.as_str(), "" | "*")
            && self.id.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b',' | b'@' | b'?'))
    }
}

impl fmt::Display for DisallowedUser {
    /// Writes the text for the log: the identifier, which the owner needs for the list, and no address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = match self.address {
            EmailStatus::Verified => "its verified email is not either",
            EmailStatus::Unspecified(_) => "it sent email without email_verified",
            EmailStatus::Unverified(_) => "it sent email with email_verified false",
            EmailStatus::PreferredUsername(_) => "it sent preferred_username and no email",
            EmailStatus::Missing => "it sent no email",
            EmailStatus::NotRequested => "it was asked for no email",
        };
        write!(f, "subject {} of {} is not on the list; {address}", self.id, self.issuer)
    }
}

/// Returns a provider's text in a form that is safe in a sentence and in the log: visible ASCII of limited length. What is left
/// out is marked.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_SHOWN).map(|c| if c.is_ascii_graphic() { c } else { '?' }).collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        shown.push_str("...?");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disallowed_user(id: &str, address: EmailStatus) -> DisallowedUser {
        DisallowedUser::new(&ExternalIssuer::parse("https://id.example/tenant/v2.0").unwrap(), id, address)
    }

    #[test]
    fn an_issuer_of_many_tenants_is_not_trusted() {
        for (issuer, one) in [
            ("https://login.microsoftonline.com/common/v2.0", false),
            ("https://login.microsoftonline.com/organizations/v2.0", false),
            ("https://login.microsoftonline.com/Consumers/v2.0", false),
            ("https://login.microsoftonline.us/common", false),
            ("https://sts.windows.net/9188040D-6c67-4c5b-b112-36a304b66dad/", false),
            ("https://login.microsoftonline.com/8a8f1a3e-0000-4000-8000-000000000001/v2.0", true),
            ("https://id.example", true),
            ("https://id.example/realms/common", true),
        ] {
            let issuer = ExternalIssuer::parse(issuer).unwrap();
            assert_eq!(EmailTrust::trusted(&issuer).is_ok(), one, "{issuer:?}");
        }
    }

    #[test]
    fn the_page_for_a_disallowed_user_says_what_the_provider_sent_and_the_log_has_no_address() {
        let address = "jane@example.com".to_owned();
        for (address, page, log) in [
            (
                EmailStatus::Unspecified(address.clone()),
                "the address jane@example.com without saying that it is verified",
                "without email_verified",
            ),
            (
                EmailStatus::Unverified(address.clone()),
                "the address jane@example.com as not verified",
                "email_verified false",
            ),
            (
                EmailStatus::PreferredUsername(address),
                "only the name jane@example.com",
                "preferred_username and no email",
            ),
            (EmailStatus::Missing, "It sent no address.", "no email"),
            (EmailStatus::Verified, "is not on the list either", "verified email is not"),
            (EmailStatus::NotRequested, "https://id.example/tenant/v2.0 calls you 248289.", "asked for no email"),
        ] {
            let disallowed_user = disallowed_user("248289", address);
            assert!(disallowed_user.received_claims().contains(page), "{}", disallowed_user.received_claims());
            assert!(
                disallowed_user.owner_remedy().contains("add 248289 to ALLOWED_USERS"),
                "{}",
                disallowed_user.owner_remedy()
            );
            let line = disallowed_user.to_string();
            assert!(line.contains("subject 248289 of https://id.example/tenant/v2.0") && line.contains(log), "{line}");
            assert!(!line.contains("jane"), "{line}");
            let helps = disallowed_user.owner_remedy().contains("OPENID_TRUST_EMAIL");
            assert_eq!(helps, matches!(disallowed_user.address, EmailStatus::Unspecified(_)), "{line}");
        }
    }

    #[test]
    fn an_identifier_that_would_let_others_in_is_not_recommended() {
        for id in ["*", "@example.com", "jane@example.com", "a,b", "a b", "zo\u{eb}", "a\u{202e}b", "x\ny", ""] {
            let disallowed_user = disallowed_user(id, EmailStatus::Missing);
            let texts =
                [disallowed_user.owner_remedy(), disallowed_user.received_claims(), disallowed_user.to_string()];
            assert!(texts[0].contains("cannot add this identifier"), "{id:?}: {}", texts[0]);
            assert!(texts.iter().all(|text| text.bytes().all(|byte| matches!(byte, b' '..=b'~'))), "{texts:?}");
        }
        let long = disallowed_user(&"x".repeat(5000), EmailStatus::Unspecified("y".repeat(5000)));
        assert!(long.received_claims().len() < 700 && long.to_string().len() < 400);
        assert!(long.owner_remedy().contains("cannot add"), "a part of an identifier is none");
    }
}
