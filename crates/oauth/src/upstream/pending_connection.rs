//! A person who is at an upstream service to connect their account there.
//!
//! What this server has to know when they come back is sealed in a cookie of their browser, whose name the `state` of the request
//! gives. So the answer counts in the browser in which the person began, once: the cookie goes with it. The person must also still be
//! signed in here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use mcp_connector_base::identifier::Subject;
use mcp_connector_base::random::Random;
use mcp_connector_base::timestamp::Timestamp;

use crate::authorize::pkce::{CodeChallenge, CodeVerifier, InvalidCodeVerifier};
use crate::crypto::keys::cipher::CipherKeys;
use crate::crypto::seal::{SealError, Sealable, Sealed};
use crate::login::provider::error::LoginError;
use crate::upstream::name::UpstreamName;
use crate::web::cookie::{clear_cookie, cookies, set_cookie};
use crate::web::web_url::WebScheme;

/// How long a person may take at the service, in seconds.
const MAX_AGE: u32 = 10 * 60;
/// The prefix of the names of the cookies.
const NAMES: &str = "mcp-connect-";
/// Length of the part of a name that the `state` is, in characters: 128 bits in base64url.
const STATE_LENGTH: usize = 22;
/// Maximum number of connections that a browser may have begun.
const MAX_PENDING: usize = 4;

/// A connection that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingConnection {
    pub upstream: UpstreamName,
    /// The person who began.
    pub subject: Subject,
    /// The `nonce` that the ID token must have, where the service is an OpenID provider (OpenID Connect Core §3.1.2.1).
    pub nonce: String,
    /// The `code_verifier` for the code of the service (RFC 7636 §4.1).
    pub verifier: String,
    /// The `iss` that every answer of the service has, if it has announced one (RFC 9207 §3).
    pub iss: Option<String>,
    /// Where the scopes of a refused answer were all that was asked for, they are the granted ones (RFC 6749 §5.1).
    pub scope: Option<String>,
}

impl Sealable for PendingConnection {
    const PURPOSE: &'static str = "connecting an upstream account";
    const MAX_SEALED_LENGTH: usize = 3600;
}

/// A connection that is begun.
#[derive(Debug)]
pub struct BegunConnection {
    /// The `state` of the authorization request.
    pub state: String,
    /// Its `code_challenge`.
    pub challenge: CodeChallenge,
    /// Its `nonce`.
    pub nonce: String,
    /// Values for `Set-Cookie`.
    pub set_cookies: Vec<String>,
}

/// Why an answer of a service does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ConnectionError {
    /// The browser has no such cookie: the connection was begun in another browser, or its answer was taken already.
    #[error("an answer that this browser does not expect")]
    NotExpected,
    #[error("an answer that comes too late")]
    Expired,
    /// Somebody else is signed in now, or nobody.
    #[error("an answer for another person")]
    SomebodyElse,
}

impl PendingConnection {
    /// Begins a connection in a browser.
    ///
    /// # Errors
    ///
    /// Fails if what is sealed is too long for a cookie: the scopes have no sensible length.
    pub fn begin(
        wanted: NewConnection,
        (scheme, cookie_header): (WebScheme, Option<&str>),
        keys: &CipherKeys,
        random: &impl Random,
        now: Timestamp,
    ) -> Result<BegunConnection, SealError> {
        let [mut state, mut nonce] = [[0; 16]; 2];
        let mut verifier = [0; 32];
        random.fill(&mut state);
        random.fill(&mut nonce);
        random.fill(&mut verifier);
        let state = URL_SAFE_NO_PAD.encode(state);
        let NewConnection { upstream, subject, iss, scope } = wanted;
        let nonce = URL_SAFE_NO_PAD.encode(nonce);
        let pending = Self { upstream, subject, nonce, verifier: URL_SAFE_NO_PAD.encode(verifier), iss, scope };
        let verifier = CodeVerifier::parse(&pending.verifier).map_err(|InvalidCodeVerifier| SealError::Forged)?;
        let sealed = Sealed::seal(&pending, state.as_bytes(), now.plus(MAX_AGE.into()), keys, random)?;
        let known = begun(scheme, cookie_header);
        let surplus = (known.len() + 1).saturating_sub(MAX_PENDING);
        let mut set_cookies: Vec<String> =
            known.iter().take(surplus).map(|state| clear_cookie(scheme, &[NAMES, state].concat())).collect();
        let cookie = set_cookie(scheme, &[NAMES, &state].concat(), sealed.as_str(), MAX_AGE);
        set_cookies.push(cookie.ok_or(SealError::TooLarge)?);
        Ok(BegunConnection { state, challenge: verifier.challenge(), nonce: pending.nonce, set_cookies })
    }

    /// Takes the connection that `state` names. `subject` is who is signed in.
    ///
    /// # Errors
    ///
    /// [`ConnectionError`] says why the answer does not count.
    pub fn take(
        state: &str,
        subject: Option<&Subject>,
        (scheme, cookie_header): (WebScheme, Option<&str>),
        keys: &CipherKeys,
        now: Timestamp,
    ) -> Result<Self, ConnectionError> {
        let name = name(state).ok_or(ConnectionError::NotExpected)?;
        let mut values = cookies(scheme, cookie_header).filter(|(known, _)| *known == name);
        // Of two, another site has added one.
        let (Some((_, sealed)), None) = (values.next(), values.next()) else {
            return Err(ConnectionError::NotExpected);
        };
        let pending = Sealed::<Self>::from_text(sealed).open(state.as_bytes(), now, keys);
        let pending = pending.map_err(|error| match error {
            SealError::Expired => ConnectionError::Expired,
            SealError::Forged | SealError::TooLarge => ConnectionError::NotExpected,
        })?;
        if subject == Some(&pending.subject) { Ok(pending) } else { Err(ConnectionError::SomebodyElse) }
    }

    /// Returns the `Set-Cookie` header that removes the cookie of a `state`, if it has the form of one.
    #[must_use]
    pub fn clear(state: &str, scheme: WebScheme) -> Option<String> {
        name(state).map(|name| clear_cookie(scheme, &name))
    }

    /// Checks that an answer can be that of the service (RFC 9207 §2.4). This applies to error responses, too, and comes before
    /// anything else of the answer is used.
    ///
    /// # Errors
    ///
    /// Fails for the identifier of another service, and where a service that always sends its own has not.
    pub fn check_iss(&self, iss: Option<&str>, own: Option<&str>) -> Result<(), LoginError> {
        match (iss, own.or(self.iss.as_deref())) {
            (Some(iss), Some(own)) if iss == own => Ok(()),
            (Some(_), Some(_)) => Err(LoginError::InvalidResponse("with another issuer in `iss`")),
            (None, _) if self.iss.is_some() => {
                Err(LoginError::InvalidResponse("without `iss`, which its metadata promises (RFC 9207)"))
            }
            // A service whose identifier nobody has declared may send what it likes.
            (Some(_), None) | (None, _) => Ok(()),
        }
    }
}

/// What a connection is begun for.
#[derive(Clone, Debug)]
pub struct NewConnection {
    pub upstream: UpstreamName,
    pub subject: Subject,
    pub iss: Option<String>,
    pub scope: Option<String>,
}

/// Returns the name of the cookie of a `state`, if it has the form of one of ours.
fn name(state: &str) -> Option<String> {
    let is_ours = state.len() == STATE_LENGTH
        && state.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    is_ours.then(|| [NAMES, state].concat())
}

/// Returns the states of the connections that a browser has begun, the oldest first. At most a few are looked at.
fn begun(scheme: WebScheme, cookie_header: Option<&str>) -> Vec<&str> {
    let states = cookies(scheme, cookie_header).filter_map(|(known, _)| known.strip_prefix(NAMES));
    states.filter(|state| name(state).is_some()).take(4 * MAX_PENDING).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test_keys::{TestRandom, ring};

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const HTTPS: WebScheme = WebScheme::Https;

    fn subject(text: &str) -> Subject {
        Subject::new(text).unwrap()
    }

    fn wanted(iss: Option<&str>) -> NewConnection {
        NewConnection {
            upstream: UpstreamName::parse("github").unwrap(),
            subject: subject("jane"),
            iss: iss.map(str::to_owned),
            scope: Some("repo".to_owned()),
        }
    }

    fn begin(cookie_header: Option<&str>, seed: u64) -> BegunConnection {
        let random = TestRandom::from(seed);
        PendingConnection::begin(wanted(None), (HTTPS, cookie_header), ring(1).seal(), &random, NOW).unwrap()
    }

    /// Returns the `Cookie` header of a browser that received these headers one after the other.
    fn shown(set: &[String]) -> String {
        let mut jar: Vec<(&str, &str)> = Vec::new();
        for header in set {
            let (name, value) = header.split(';').next().unwrap().split_once('=').unwrap();
            jar.retain(|(known, _)| *known != name);
            if !value.is_empty() {
                jar.push((name, value));
            }
        }
        jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn take(
        state: &str,
        who: Option<&str>,
        header: Option<&str>,
        now: Timestamp,
    ) -> Result<PendingConnection, ConnectionError> {
        PendingConnection::take(state, who.map(subject).as_ref(), (HTTPS, header), ring(1).seal(), now)
    }

    #[test]
    fn a_connection_goes_on_in_its_browser_for_its_person_until_it_expires() {
        let (begun, other) = (begin(None, 1), begin(None, 100));
        let (header, of_other) = (shown(&begun.set_cookies), shown(&other.set_cookies));
        assert!(begun.set_cookies[0].starts_with("__Host-mcp-connect-") && begun.set_cookies[0].contains("HttpOnly"));
        let pending = take(&begun.state, Some("jane"), Some(&header), NOW).unwrap();
        assert_eq!(pending.upstream.as_str(), "github");
        assert_eq!(CodeVerifier::parse(&pending.verifier).unwrap().challenge(), begun.challenge);
        assert_eq!(pending.nonce, begun.nonce);
        let (later, renamed) = (NOW.plus(MAX_AGE.into()), header.replace(&begun.state, &other.state));
        for (rule, state, who, header, now, error) in [
            ("another browser", &begun.state, Some("jane"), None, NOW, ConnectionError::NotExpected),
            ("another connection", &begun.state, Some("jane"), Some(&of_other), NOW, ConnectionError::NotExpected),
            ("a moved cookie", &other.state, Some("jane"), Some(&renamed), NOW, ConnectionError::NotExpected),
            ("another person", &begun.state, Some("bob"), Some(&header), NOW, ConnectionError::SomebodyElse),
            ("nobody", &begun.state, None, Some(&header), NOW, ConnectionError::SomebodyElse),
            ("too late", &begun.state, Some("jane"), Some(&header), later, ConnectionError::Expired),
            ("no state", &String::new(), Some("jane"), Some(&header), NOW, ConnectionError::NotExpected),
        ] {
            assert_eq!(take(state, who, header.map(String::as_str), now), Err(error), "{rule}");
        }
        let twice = format!("{header}; {header}");
        assert_eq!(take(&begun.state, Some("jane"), Some(&twice), NOW), Err(ConnectionError::NotExpected));
        let cleared = PendingConnection::clear(&begun.state, HTTPS).unwrap();
        assert_eq!(shown(&[begun.set_cookies, vec![cleared]].concat()), "", "an answer is taken once");
    }

    #[test]
    fn a_browser_has_at_most_four_connections_under_way() {
        let (mut given, mut states) = (Vec::new(), Vec::new());
        for seed in 0..6_u64 {
            let begun = begin(Some(&shown(&given)), seed * 100);
            given.extend(begun.set_cookies);
            states.push(begun.state);
        }
        let header = shown(&given);
        let known: Vec<bool> =
            states.iter().map(|state| take(state, Some("jane"), Some(&header), NOW).is_ok()).collect();
        assert_eq!(known, [false, false, true, true, true, true]);
    }

    #[test]
    fn a_header_full_of_made_up_cookies_clears_a_limited_number() {
        let header = (0..1000).map(|n| format!("__Host-mcp-connect-{n:022}=x; ")).collect::<Vec<_>>().concat();
        assert!(begin(Some(&header), 1).set_cookies.len() <= 4 * MAX_PENDING);
        let nasty = "__Host-mcp-connect-a\r\nb=c";
        assert_eq!(begin(Some(nasty), 1).set_cookies.len(), 1);
    }

    #[test]
    fn the_issuer_of_an_answer_is_that_of_the_service() {
        let pending = |iss| {
            let begun = PendingConnection::begin(wanted(iss), (HTTPS, None), ring(1).seal(), &TestRandom::from(1), NOW);
            let begun = begun.unwrap();
            take(&begun.state, Some("jane"), Some(&shown(&begun.set_cookies)), NOW).unwrap()
        };
        let (own, other) = ("https://id.example", "https://evil.example");
        for (rule, announced, known, sent, good) in [
            ("its own", Some(own), Some(own), Some(own), true),
            ("another", Some(own), Some(own), Some(other), false),
            ("a prefix", Some(own), Some(own), Some("https://id.exampl"), false),
            ("none, announced", Some(own), Some(own), None, false),
            ("none, not announced", None, Some(own), None, true),
            ("another, not announced", None, Some(own), Some(other), false),
            ("any, of a service without an issuer", None, None, Some(other), true),
        ] {
            assert_eq!(pending(announced).check_iss(sent, known).is_ok(), good, "{rule}");
        }
    }

    #[test]
    fn scopes_without_a_sensible_length_are_refused() {
        let wanted = NewConnection { scope: Some("x".repeat(4000)), ..wanted(None) };
        let begun = PendingConnection::begin(wanted, (HTTPS, None), ring(1).seal(), &TestRandom::from(1), NOW);
        assert_eq!(begun.unwrap_err(), SealError::TooLarge);
    }
}
