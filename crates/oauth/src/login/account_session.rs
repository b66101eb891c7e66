//! The session of a person on the account page.
//!
//! It is a sealed cookie, which only this server can read. It is not stored, lasts half an hour, and ends when the person may no
//! longer sign in. Each form of the page has a token that proves that the form belongs to the session and comes from this site.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::Subject;
use mcp_connector_base::random::Random;
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::keys::ring::KeyRing;
use crate::crypto::seal::{Sealable, Sealed};
use crate::login::admission::{Admission, AdmissionPolicy};
use crate::login::person::Person;
use crate::login::provider::pending_login::LoginPurpose;
use crate::upstream::connect_target::ConnectTarget;
use crate::web::cookie::HostCookie;
use crate::web::web_url::WebScheme;

/// How long a session lasts, in seconds. Use does not extend it.
pub const SESSION_LIFETIME: u64 = MAX_AGE as u64;
/// Age up to which a sign-in at a provider that asked anew proves who is there, in seconds.
pub const RECENT_SIGN_IN: u64 = 10 * 60;
const MAX_AGE: u32 = 30 * 60;
const COOKIE: HostCookie = HostCookie::new("mcp-account");

/// The session of a person in one browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Distinguishes the sessions. It is not secret.
    id: [u8; 16],
    subject: Subject,
    display_name: Option<String>,
    admission: Admission,
    signed_in_at: Timestamp,
    kind: SignInKind,
}

/// How a person has signed in to the account page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignInKind {
    /// The identity provider may have known the browser, and asked nothing.
    Usual,
    /// The identity provider was told to ask anew.
    Anew,
}

impl SignInKind {
    /// Returns the kind of a sign-in for `purpose`.
    #[must_use]
    pub const fn of(purpose: &LoginPurpose) -> Self {
        match purpose {
            LoginPurpose::Client(_) | LoginPurpose::Account | LoginPurpose::Connect(_) => Self::Usual,
            LoginPurpose::Reauthentication { .. } => Self::Anew,
        }
    }
}

impl Sealable for Session {
    const PURPOSE: &'static str = "signed in to the account page";
}

/// The token of a form of one session.
#[derive(Serialize, Deserialize)]
struct FormToken;

impl Sealable for FormToken {
    const PURPOSE: &'static str = "form of the account page";
}

/// A sign-in to the account page that was begun in this browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSignIn {
    /// Where it leads instead of to the account page.
    pub connect: Option<ConnectTarget>,
}

impl Sealable for AccountSignIn {
    const PURPOSE: &'static str = "signing in to the account page";
}

impl Session {
    /// Begins the session of a person who has just signed in. Returns the `Set-Cookie` header.
    #[must_use]
    pub fn begin(
        person: &Person,
        kind: SignInKind,
        scheme: WebScheme,
        keys: &KeyRing,
        random: &impl Random,
        now: Timestamp,
    ) -> Option<String> {
        let mut id = [0; 16];
        random.fill(&mut id);
        let (subject, display_name) = (person.subject.clone(), person.truncated_name());
        let session = Self { id, subject, display_name, admission: person.admission.clone(), signed_in_at: now, kind };
        let sealed = Sealed::seal(&session, &[], now.plus(SESSION_LIFETIME), keys.seal(), random).ok()?;
        COOKIE.set(scheme, sealed.as_str(), MAX_AGE)
    }

    /// Reads the session of a browser, if it is valid and the person may still sign in.
    #[must_use]
    pub fn read(
        scheme: WebScheme,
        cookie_header: Option<&str>,
        policy: &AdmissionPolicy,
        keys: &KeyRing,
        now: Timestamp,
    ) -> Option<Self> {
        let sealed = Sealed::from_text(COOKIE.read(scheme, cookie_header)?);
        let session: Self = sealed.open(&[], now, keys.seal()).ok()?;
        policy.admits(&session.subject, &session.admission).then_some(session)
    }

    /// Returns the `Set-Cookie` header that ends the session.
    #[must_use]
    pub fn end(scheme: WebScheme) -> String {
        COOKIE.clear(scheme)
    }

    /// Returns the token for the forms of this session.
    #[must_use]
    pub fn form_token(&self, keys: &KeyRing, random: &impl Random) -> Option<String> {
        let expires = self.signed_in_at.plus(SESSION_LIFETIME);
        let sealed = Sealed::seal(&FormToken, &self.id, expires, keys.seal(), random).ok()?;
        Some(sealed.as_str().to_owned())
    }

    /// Returns whether `form_token` is the token of a form of this session.
    #[must_use]
    pub fn is_own_form(&self, form_token: &str, keys: &KeyRing, now: Timestamp) -> bool {
        Sealed::<FormToken>::from_text(form_token).open(&self.id, now, keys.seal()).is_ok()
    }

    /// Returns the person of this session.
    #[must_use]
    pub fn person(&self) -> Person {
        let (subject, display_name) = (self.subject.clone(), self.display_name.clone());
        Person { subject, display_name, admission: self.admission.clone(), identity: None }
    }

    /// Returns what a value is bound to that is sealed for this session alone.
    #[must_use]
    pub const fn binding(&self) -> &[u8] {
        &self.id
    }

    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.display_name.as_deref()
    }

    /// Returns whether the sign-in at a provider proves who is there: the provider asked anew, and not long ago.
    #[must_use]
    pub fn is_proof(&self, now: Timestamp) -> bool {
        self.kind == SignInKind::Anew && now.seconds_since(self.signed_in_at) < RECENT_SIGN_IN
    }

    #[must_use]
    pub const fn signed_in_at(&self) -> Timestamp {
        self.signed_in_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::credential_version::CredentialVersion;
    use crate::testing::test_keys::{TestRandom, ring};

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const VERSION: CredentialVersion = CredentialVersion::from_bytes([1; 8]);
    const OTHER: CredentialVersion = CredentialVersion::from_bytes([2; 8]);

    fn policy(versions: &[CredentialVersion]) -> AdmissionPolicy {
        AdmissionPolicy::Passphrase { versions: versions.to_vec() }
    }

    fn cookie(name: &str, random: u64) -> String {
        cookie_of(name, SignInKind::Anew, random)
    }

    fn cookie_of(name: &str, kind: SignInKind, random: u64) -> String {
        let subject = Subject::new(name).unwrap();
        let person = Person {
            subject,
            display_name: Some("Ö".repeat(300)),
            admission: Admission::Version(VERSION),
            identity: None,
        };
        let set = Session::begin(&person, kind, WebScheme::Https, &ring(1), &TestRandom::from(random), NOW).unwrap();
        set.split(';').next().unwrap().to_owned()
    }

    fn read(cookie: &str, credential_versions: &[CredentialVersion], now: Timestamp) -> Option<Session> {
        Session::read(WebScheme::Https, Some(cookie), &policy(credential_versions), &ring(1), now)
    }

    #[test]
    fn an_account_session_lasts_half_an_hour_and_no_longer_than_its_credentials() {
        let cookie = cookie("owner", 1);
        assert!(cookie.starts_with("__Host-mcp-account="), "{cookie}");
        let session = read(&cookie, &[OTHER, VERSION], NOW).unwrap();
        assert_eq!(session.subject().as_str(), "owner");
        assert_eq!(session.display_name().unwrap().chars().count(), 100, "a long name is cut");
        for (name, credential_versions, later, good) in [
            ("its last second", &[VERSION][..], SESSION_LIFETIME - 1, true),
            ("its end", &[VERSION], SESSION_LIFETIME, false),
            ("other credentials", &[OTHER], 0, false),
            ("none", &[], 0, false),
        ] {
            assert_eq!(read(&cookie, credential_versions, NOW.plus(later)).is_some(), good, "{name}");
        }
    }

    #[test]
    fn a_sign_in_proves_who_is_there_for_ten_minutes_if_the_provider_asked_anew() {
        let session = read(&cookie("owner", 1), &[VERSION], NOW).unwrap();
        assert!(session.is_proof(NOW.plus(RECENT_SIGN_IN - 1)) && !session.is_proof(NOW.plus(RECENT_SIGN_IN)));
        let usual = read(&cookie_of("owner", SignInKind::Usual, 1), &[VERSION], NOW).unwrap();
        assert!(!usual.is_proof(NOW), "the provider may have asked nothing");
        assert_eq!(session.person().subject, *session.subject());
    }

    #[test]
    fn a_cookie_of_another_server_or_purpose_is_no_account_session() {
        let cookie = cookie("owner", 1);
        let of_another_server = Session::read(WebScheme::Https, Some(&cookie), &policy(&[VERSION]), &ring(2), NOW);
        assert_eq!(of_another_server, None, "another key");
        let form = read(&cookie, &[VERSION], NOW).unwrap().form_token(&ring(1), &TestRandom::from(9)).unwrap();
        for forged in ["__Host-mcp-account=owner", "__Host-mcp-account=", &format!("__Host-mcp-account={form}")] {
            assert_eq!(read(forged, &[VERSION], NOW), None, "{forged}");
        }
        assert_eq!(read(&cookie.replace("__Host-", ""), &[VERSION], NOW), None, "set by another host");
    }

    #[test]
    fn a_form_token_belongs_to_one_account_session() {
        let [one, again, other] = [("owner", 1), ("owner", 50), ("somebody", 99)]
            .map(|(name, random)| read(&cookie(name, random), &[VERSION], NOW).unwrap());
        let keys = ring(1);
        let form = one.form_token(&keys, &TestRandom::from(7)).unwrap();
        assert!(one.is_own_form(&form, &keys, NOW));
        assert!(!again.is_own_form(&form, &keys, NOW), "another sign-in of the same person");
        assert!(!other.is_own_form(&form, &keys, NOW), "another person");
        assert!(!one.is_own_form(&form, &keys, NOW.plus(SESSION_LIFETIME)), "too late");
        assert!(!one.is_own_form("", &keys, NOW) && !one.is_own_form("x", &keys, NOW));
    }
}
