//! A person whom an identity provider has named and who is not on the list: what arrived, and what the owner can put on the list.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::web::discovery::ExternalIssuer;

/// Maximum length of a text of a provider, in characters (OpenID Connect Core §2: a `sub` has at most 255).
const MAX_SHOWN: usize = 255;

/// Whether an address counts that the provider does not call verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EmailTrust {
    /// It does not count, because anybody may be able to set any address.
    #[default]
    VerifiedOnly,
    /// It does, unless the provider calls it not verified: the addresses are given out by the one tenant that it is.
    Trusted,
}

/// An issuer that speaks for tenants which the owner does not know. Any of them can set anybody's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("OPENID_ISSUER must name one tenant: in common, organizations and consumers, other tenants choose addresses")]
pub struct SeveralTenants;

/// The tenant part of issuers of Entra ID that are not one organization: those for everybody, and the tenant of all personal
/// accounts.
const SEVERAL_TENANTS: [&str; 4] = ["common", "organizations", "consumers", "9188040d-6c67-4c5b-b112-36a304b66dad"];

impl EmailTrust {
    /// Trusts the addresses of an issuer, if it is of one tenant.
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
    /// One that is verified, and not on the list.
    Verified,
    /// `email`, without a word on whether it is verified, as Entra ID sends it.
    Unspecified(String),
    /// `email`, which the provider calls not verified.
    Unverified(String),
    /// `preferred_username` alone: people can change it, and it is nobody's address for certain.
    PreferredUsername(String),
    Missing,
    /// The provider is not asked for one.
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
    /// Somebody whom `issuer` calls `id`.
    #[must_use]
    pub fn new(issuer: &ExternalIssuer, id: &str, address: EmailStatus) -> Self {
        Self { issuer: issuer.as_str().to_owned(), id: shown(id), address }
    }

    /// Returns whether anything of an address arrived.
    #[must_use]
    pub const fn has_address(&self) -> bool {
        !matches!(self.address, EmailStatus::Missing | EmailStatus::NotRequested)
    }

    /// Returns whether the provider marks the address that it sent as not verified.
    #[must_use]
    pub const fn is_unverified(&self) -> bool {
        matches!(self.address, EmailStatus::Unverified(_))
    }

    /// Returns what arrived, for the person.
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

    /// Returns what the owner can do about it, for the person and for the log.
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

    /// Returns whether the identifier as an entry of the list names this person and nobody else. One with an `@` would also
    /// name an address or a whole domain.
    fn is_entry(&self) -> bool {
        !matches!(self.id.as_str(), "" | "*")
            && self.id.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b',' | b'@' | b'?'))
    }
}

impl fmt::Display for DisallowedUser {
    /// For the log: the identifier, which has to be known to be listed, and no address.
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

/// Returns what a provider has written, as it may stand in a sentence or in the log: visible ASCII, and not too long. What is
/// left out is marked.
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
    fn the_page_says_what_arrived_and_the_log_no_address() {
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
