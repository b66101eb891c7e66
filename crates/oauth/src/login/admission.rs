//! What admitted a person who signed in, and whether it still would.
//!
//! A sign-in stores its [`Admission`]. The current settings are an [`AdmissionPolicy`]. Each refresh, each check of a grant and
//! each request to the account page compares the two. So a change of the settings ends exactly the sign-ins that it no longer
//! admits.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::{ClientId, Subject};
use mcp_connector_base::profile::{EmailSource, Profile};

use crate::crypto::credential_version::CredentialVersion;
use crate::external_issuer::token::subject_of;
use crate::external_issuer::trusted_issuers::{TrustedIssuer, TrustedIssuers};
use crate::login::access_rules::AccessRules;
use crate::login::account::Account;
use crate::login::allowed_users::AllowedUsers;
use crate::login::disallowed_user::EmailTrust;
use crate::web::discovery::ExternalIssuer;

/// What admitted a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Admission {
    /// The owner's passphrase, in this version.
    ///
    /// A sign-in of the first release stored nothing else. There it may be the version of all settings of an identity provider,
    /// including the list of allowed users.
    Version(CredentialVersion),
    /// An account at an identity provider.
    Account(Account),
    /// Cloudflare Access.
    Access(AccessApplication),
    /// An account that was on a list, which is all that is known of it: a sign-in of the first release, after a refresh.
    OnList {
        issuer: String,
        /// The list at that time.
        entries: AllowedUsers,
    },
    /// An account with an address that the provider does not call verified. The address counts as long as the owner trusts the
    /// provider's addresses.
    AccountWithTrustedEmail(Account),
    /// An assertion of a trusted issuer.
    Assertion(AssertionAdmission),
}

/// What an assertion of a trusted issuer admits: a client, for the people of the issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssertionAdmission {
    pub issuer: String,
    /// The tenant, for an issuer that has several.
    pub tenant: Option<String>,
    pub client_id: ClientId,
}

/// An application of Cloudflare Access, whose policy admits people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessApplication {
    /// The URL of the team.
    pub team: String,
    pub audience: String,
}

/// Who may sign in, according to the current settings.
///
/// `settings` are the versions that the first release gave to all settings together. They admit its sign-ins until the settings
/// change or a refresh stores more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdmissionPolicy {
    /// Anybody who knows the passphrase. The first version is that under the current master key, the others are under earlier
    /// ones. Without a passphrase there is none, and nobody may sign in.
    Passphrase { versions: Vec<CredentialVersion> },
    /// People with an account at a provider that is on the list.
    Accounts {
        issuer: String,
        allowed: AllowedUsers,
        /// Whether addresses count that the provider does not call verified.
        email: EmailTrust,
        settings: Vec<CredentialVersion>,
    },
    /// People whom Cloudflare Access admits.
    Access { application: AccessApplication, settings: Vec<CredentialVersion> },
    /// One of the others, and beside it assertions of trusted issuers.
    WithTrustedIssuers {
        sign_in: Box<AdmissionPolicy>,
        /// What is admitted. An assertion of anything else no longer is.
        asserted: Vec<AssertionAdmission>,
    },
    /// One of the others, and rules beside it.
    Restricted { sign_in: Box<AdmissionPolicy>, rules: Box<AccessRules> },
}

/// The rules of a policy that has none of its own.
static NO_RULES: AccessRules = AccessRules::NONE;

impl AdmissionPolicy {
    /// Admits nobody.
    pub const NOBODY: Self = Self::Passphrase { versions: Vec::new() };

    /// Returns whether what once admitted `subject` still would.
    #[must_use]
    pub fn admits(&self, subject: &Subject, admission: &Admission) -> bool {
        match (self, admission) {
            (_, Admission::Version(version)) if self.versions().contains(version) => true,
            (Self::WithTrustedIssuers { asserted, .. }, Admission::Assertion(admission)) => {
                asserted.contains(admission)
            }
            (Self::WithTrustedIssuers { sign_in, .. } | Self::Restricted { sign_in, .. }, _) => {
                sign_in.admits(subject, admission)
            }
            (Self::Accounts { issuer, allowed, .. }, Admission::Account(account)) => {
                *issuer == account.issuer && allowed.allows(account)
            }
            (Self::Accounts { issuer, allowed, email, .. }, Admission::AccountWithTrustedEmail(account)) => {
                *issuer == account.issuer
                    && match email {
                        EmailTrust::Trusted => allowed.allows(account),
                        EmailTrust::VerifiedOnly => allowed.allows(&Account { email: None, ..account.clone() }),
                    }
            }
            (Self::Accounts { issuer, allowed, .. }, Admission::OnList { issuer: then, entries }) => {
                let is_superset = issuer == then && allowed.has_all_of(entries);
                is_superset || names(issuer, allowed, subject)
            }
            (Self::Accounts { issuer, allowed, .. }, Admission::Version(_)) => names(issuer, allowed, subject),
            (Self::Access { application, .. }, Admission::Access(then)) => application == then,
            (
                Self::Passphrase { .. } | Self::Access { .. },
                Admission::Version(_)
                | Admission::Account(_)
                | Admission::OnList { .. }
                | Admission::AccountWithTrustedEmail(_),
            )
            | (Self::Passphrase { .. } | Self::Accounts { .. }, Admission::Access(_))
            | (Self::Passphrase { .. } | Self::Accounts { .. } | Self::Access { .. }, Admission::Assertion(_)) => false,
        }
    }

    /// Returns an admission that holds now in the form in which it is stored now.
    #[must_use]
    pub fn renewed(&self, admission: &Admission) -> Admission {
        match (self, admission) {
            (Self::WithTrustedIssuers { sign_in, .. } | Self::Restricted { sign_in, .. }, _) => {
                sign_in.renewed(admission)
            }
            (Self::Passphrase { versions }, Admission::Version(version)) => {
                Admission::Version(versions.first().copied().unwrap_or(*version))
            }
            (Self::Accounts { issuer, allowed, .. }, Admission::Version(_)) => {
                Admission::OnList { issuer: issuer.clone(), entries: allowed.clone() }
            }
            (Self::Access { application, .. }, Admission::Version(_)) => Admission::Access(application.clone()),
            (
                _,
                Admission::Account(_)
                | Admission::Access(_)
                | Admission::OnList { .. }
                | Admission::AccountWithTrustedEmail(_)
                | Admission::Assertion(_),
            ) => admission.clone(),
        }
    }

    /// Returns a profile without an address that no longer counts.
    #[must_use]
    pub fn trusted(&self, profile: Profile) -> Profile {
        match self {
            Self::WithTrustedIssuers { sign_in, .. } | Self::Restricted { sign_in, .. } => sign_in.trusted(profile),
            Self::Accounts { email: EmailTrust::Trusted, .. } => profile,
            Self::Accounts { email: EmailTrust::VerifiedOnly, .. } | Self::Passphrase { .. } | Self::Access { .. } => {
                profile.without_trusted_email()
            }
        }
    }

    /// Returns the versions of the passphrase, or of all settings, that an access token may have.
    #[must_use]
    pub fn versions(&self) -> &[CredentialVersion] {
        match self {
            Self::Passphrase { versions } => versions,
            Self::Accounts { settings, .. } | Self::Access { settings, .. } => settings,
            Self::WithTrustedIssuers { sign_in, .. } | Self::Restricted { sign_in, .. } => sign_in.versions(),
        }
    }

    /// Returns the policy that also admits assertions, if there are trusted issuers.
    #[must_use]
    pub fn with(self, trusted: &TrustedIssuers) -> Self {
        if trusted.is_empty() {
            return self;
        }
        let admission = |issuer: &TrustedIssuer, client_id: &ClientId| AssertionAdmission {
            issuer: issuer.issuer().as_str().to_owned(),
            tenant: issuer.tenant().map(str::to_owned),
            client_id: client_id.clone(),
        };
        let asserted = trusted.iter().flat_map(|issuer| issuer.clients().map(move |client| admission(issuer, client)));
        Self::WithTrustedIssuers { sign_in: Box::new(self), asserted: asserted.collect() }
    }

    /// Returns whether assertions of trusted issuers admit people.
    #[must_use]
    pub fn has_trusted_issuers(&self) -> bool {
        match self {
            Self::WithTrustedIssuers { .. } => true,
            Self::Restricted { sign_in, .. } => sign_in.has_trusted_issuers(),
            Self::Passphrase { .. } | Self::Accounts { .. } | Self::Access { .. } => false,
        }
    }

    /// Returns the policy with rules beside it.
    #[must_use]
    pub fn restricted_by(self, rules: &AccessRules) -> Self {
        if *rules == AccessRules::NONE {
            return self;
        }
        Self::Restricted { sign_in: Box::new(self), rules: Box::new(rules.clone()) }
    }

    /// Returns the rules beside the sign-in.
    #[must_use]
    pub fn rules(&self) -> &AccessRules {
        if let Self::Restricted { rules, .. } = self { rules } else { &NO_RULES }
    }
}

impl Admission {
    /// Returns what is known of a person whose sign-in stored nothing else: a sign-in of an earlier version.
    #[must_use]
    pub fn profile(&self) -> Option<Profile> {
        let (account, source) = match self {
            Self::Account(account) => (account, EmailSource::Provider),
            Self::AccountWithTrustedEmail(account) => (account, EmailSource::Owner),
            Self::Version(_) | Self::Access(_) | Self::OnList { .. } | Self::Assertion(_) => return None,
        };
        Some(Profile::default().with_email(account.email.as_deref(), source).with_login(account.login.as_deref()))
    }

    /// Returns the version of the passphrase, for an access token.
    #[must_use]
    pub const fn version(&self) -> Option<CredentialVersion> {
        match self {
            Self::Version(version) => Some(*version),
            Self::Account(_)
            | Self::Access(_)
            | Self::OnList { .. }
            | Self::AccountWithTrustedEmail(_)
            | Self::Assertion(_) => None,
        }
    }
}

/// Returns whether an entry of the list is the identifier of `subject`.
fn names(issuer: &str, allowed: &AllowedUsers, subject: &Subject) -> bool {
    ExternalIssuer::parse(issuer).is_ok_and(|issuer| {
        allowed.entries().iter().any(|entry| subject_of(&issuer, entry).is_ok_and(|named| named == *subject))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://id.example";
    const THEN: CredentialVersion = CredentialVersion::from_bytes([1; 8]);
    const NOW: CredentialVersion = CredentialVersion::from_bytes([2; 8]);

    fn issuer() -> ExternalIssuer {
        ExternalIssuer::parse(ISSUER).unwrap()
    }

    fn subject() -> Subject {
        subject_of(&issuer(), "248289").unwrap()
    }

    fn jane() -> Admission {
        Admission::Account(Account::new(&issuer(), "248289", Some("jane"), Some("jane@example.com")).unwrap())
    }

    fn allowing(list: &str, settings: &[CredentialVersion]) -> AdmissionPolicy {
        let (issuer, allowed) = (ISSUER.to_owned(), AllowedUsers::parse(list).unwrap());
        AdmissionPolicy::Accounts { issuer, allowed, email: EmailTrust::VerifiedOnly, settings: settings.to_vec() }
    }

    fn application(audience: &str) -> AccessApplication {
        AccessApplication { team: "https://team.example".to_owned(), audience: audience.to_owned() }
    }

    #[test]
    fn removing_a_user_from_the_list_ends_the_grants_of_that_user_and_no_others() {
        for (list, stays) in [
            ("jane@example.com", true),
            ("bob@example.com jane@example.com", true),
            ("jane@example.com bob@example.com", true),
            ("@example.com", true),
            ("248289", true),
            ("JANE", true),
            ("*", true),
            ("bob@example.com", false),
            ("@other.example", false),
            ("24828", false),
        ] {
            assert_eq!(allowing(list, &[]).admits(&subject(), &jane()), stays, "{list}");
        }
    }

    #[test]
    fn an_unverified_address_admits_as_long_as_the_owner_trusts_the_issuer() {
        let Admission::Account(account) = jane() else { panic!("an account") };
        let on_trust = Admission::AccountWithTrustedEmail(account);
        for (list, trust, stays) in [
            ("jane@example.com", EmailTrust::Trusted, true),
            ("jane@example.com", EmailTrust::VerifiedOnly, false),
            ("@example.com", EmailTrust::VerifiedOnly, false),
            ("bob@example.com", EmailTrust::Trusted, false),
            ("248289", EmailTrust::VerifiedOnly, true),
            ("*", EmailTrust::VerifiedOnly, true),
        ] {
            let (issuer, allowed) = (ISSUER.to_owned(), AllowedUsers::parse(list).unwrap());
            let policy = AdmissionPolicy::Accounts { issuer, allowed, email: trust, settings: Vec::new() };
            assert_eq!(policy.admits(&subject(), &on_trust), stays, "{list}, {trust:?}");
            assert_eq!(policy.renewed(&on_trust), on_trust);
        }
    }

    #[test]
    fn another_identity_provider_ends_the_grants_of_the_one_before() {
        let other = AdmissionPolicy::Accounts {
            issuer: "https://other.example".to_owned(),
            allowed: AllowedUsers::parse("*").unwrap(),
            email: EmailTrust::VerifiedOnly,
            settings: Vec::new(),
        };
        for (name, policy) in [
            ("another issuer", other),
            ("the passphrase", AdmissionPolicy::Passphrase { versions: vec![NOW] }),
            ("Cloudflare Access", AdmissionPolicy::Access { application: application("a"), settings: vec![] }),
            ("nobody", AdmissionPolicy::NOBODY),
        ] {
            assert!(!policy.admits(&subject(), &jane()), "{name}");
        }
    }

    #[test]
    fn another_passphrase_ends_the_grants_of_the_owner_and_another_master_key_does_not() {
        let owner = Subject::new("owner").unwrap();
        for (versions, stays) in [(&[THEN][..], true), (&[NOW, THEN], true), (&[NOW], false), (&[], false)] {
            let policy = AdmissionPolicy::Passphrase { versions: versions.to_vec() };
            assert_eq!(policy.admits(&owner, &Admission::Version(THEN)), stays, "{versions:?}");
        }
        let rotating = AdmissionPolicy::Passphrase { versions: vec![NOW, THEN] };
        assert_eq!(rotating.renewed(&Admission::Version(THEN)), Admission::Version(NOW));
        assert!(!rotating.admits(&owner, &jane()) && !allowing("*", &[]).admits(&owner, &Admission::Version(THEN)));
    }

    #[test]
    fn another_cloudflare_access_application_has_another_policy() {
        let passed = Admission::Access(application("a"));
        let today = |audience| AdmissionPolicy::Access { application: application(audience), settings: vec![NOW] };
        assert!(today("a").admits(&subject(), &passed));
        assert!(!today("b").admits(&subject(), &passed));
        assert!(today("b").admits(&subject(), &Admission::Version(NOW)), "a sign-in of the first version");
        assert_eq!(today("b").renewed(&Admission::Version(NOW)), Admission::Access(application("b")));
    }

    #[test]
    fn an_assertion_admits_as_long_as_its_issuer_and_its_client_are_trusted() {
        let trusting = |issuers: &str| {
            AdmissionPolicy::Passphrase { versions: vec![NOW] }.with(&TrustedIssuers::parse(issuers).unwrap())
        };
        let asserted = |issuer: &str, tenant: Option<&str>, client: &str| {
            Admission::Assertion(AssertionAdmission {
                issuer: issuer.to_owned(),
                tenant: tenant.map(str::to_owned),
                client_id: ClientId::new(client).unwrap(),
            })
        };
        let policy = trusting(r#"[{"issuer":"https://a.example","clients":["x"],"public_clients":["y"]}]"#);
        for (name, admission, stays) in [
            ("the client", asserted("https://a.example", None, "x"), true),
            ("the public client", asserted("https://a.example", None, "y"), true),
            ("another client", asserted("https://a.example", None, "z"), false),
            ("another issuer", asserted("https://b.example", None, "x"), false),
            ("another tenant", asserted("https://a.example", Some("t"), "x"), false),
            ("a sign-in", Admission::Version(NOW), true),
            ("an old sign-in", Admission::Version(THEN), false),
            ("an account", jane(), false),
        ] {
            assert_eq!(policy.admits(&subject(), &admission), stays, "{name}");
        }
        assert!(!trusting("").admits(&subject(), &asserted("https://a.example", None, "x")), "nobody is trusted");
        assert!(!allowing("*", &[]).admits(&subject(), &asserted(ISSUER, None, "x")), "a sign-in is something else");
        assert_eq!(policy.versions(), [NOW]);
        assert_eq!(policy.renewed(&Admission::Version(NOW)), Admission::Version(NOW));
    }

    #[test]
    fn a_grant_of_version_1_is_valid_as_long_as_its_list_is_part_of_the_current_one() {
        let before = allowing("jane@example.com bob@example.com", &[THEN]);
        assert!(before.admits(&subject(), &Admission::Version(THEN)), "nothing was changed with the upgrade");
        assert!(!before.admits(&subject(), &Admission::Version(NOW)), "nobody knows under which list");
        assert!(allowing("bob 248289", &[]).admits(&subject(), &Admission::Version(THEN)), "by the identifier");
        let renewed = before.renewed(&Admission::Version(THEN));
        for (list, stays) in [
            ("bob@example.com jane@example.com", true),
            ("bob@example.com jane@example.com eve@example.com", true),
            ("*", true),
            ("248289", true),
            ("jane@example.com", false),
            ("eve@example.com", false),
        ] {
            assert_eq!(allowing(list, &[NOW]).admits(&subject(), &renewed), stays, "{list}");
        }
    }
}
