//! Access tokens: `at+jwt` (RFC 9068), signed with Ed25519 and with nothing else, for exactly one resource, for one hour.
//! No storage is read to check one. That a grant was revoked is not in here: the edge looks for a marker now and then.
//!
//! Deviation from RFC 9068 §2.1, which wants RS256 on offer: verifying it in a Worker costs more than everything else in a
//! call, and MCP clients do not read tokens.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use jwt_compact::{Algorithm, AlgorithmExt, Claims, Header, UntrustedToken};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::bearer::{Bearer, MAX_BEARER_LENGTH};
use super::keys::SigningKeys;
use super::origin::Issuer;
use super::passphrase::Epoch;
use super::resource::Resource;
use super::{Random, Timestamp};
use crate::caller::{Caller, ClientId, GrantId, ScopeSet, Subject};

/// Lifetime in seconds. Shorter ones make the clients that lose refresh tokens ask for consent all day.
pub const ACCESS_TOKEN_LIFETIME: u64 = 3600;

/// How far the clocks of two machines may differ, in seconds.
pub const LEEWAY: u64 = 30;

/// The type in the header (RFC 9068 §2.1). A refresh token, an identity token or somebody's assertion has another.
const TOKEN_TYPE: &str = "at+jwt";

/// Longest name of a person that is put into a token, in bytes.
const MAX_NAME: usize = 128;

/// What a new access token says.
#[derive(Clone, Debug)]
pub struct AccessTokenRequest<'a> {
    /// This authorization server.
    pub issuer: &'a Issuer,
    /// The one resource it is good for.
    pub resource: &'a Resource,
    /// On whose behalf.
    pub subject: &'a Subject,
    /// To which client.
    pub client_id: &'a ClientId,
    /// With which permissions.
    pub scope: &'a ScopeSet,
    /// The consent behind it; none for a client that acts for itself.
    pub grant: Option<GrantId>,
    /// What to call the person.
    pub display_name: Option<&'a str>,
    /// The credentials under which the person signed in.
    pub epoch: Option<Epoch>,
    /// How long it is good for, in seconds; [`ACCESS_TOKEN_LIFETIME`] unless configured.
    pub lifetime: u64,
}

/// A signed token on its way to the client.
pub struct AccessToken {
    text: String,
    expires_in: u64,
}

impl AccessToken {
    /// The token. Goes into the answer and nowhere else.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its lifetime in seconds.
    #[must_use]
    pub const fn expires_in(&self) -> u64 {
        self.expires_in
    }
}

/// A token that cannot be made: it would be too long to be accepted, or its time lies outside the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the access token cannot be made")]
pub struct Unissuable;

/// Signs a token.
pub fn issue(
    request: &AccessTokenRequest<'_>,
    keys: &SigningKeys,
    now: Timestamp,
    random: &impl Random,
) -> Result<AccessToken, Unissuable> {
    let mut id = [0; 16];
    random.fill(&mut id);
    let mut claims = Claims::new(AccessClaims {
        iss: request.issuer.as_str().to_owned(),
        sub: request.subject.clone(),
        aud: request.resource.as_str().to_owned(),
        client_id: request.client_id.clone(),
        scope: request.scope.clone(),
        jti: URL_SAFE_NO_PAD.encode(id),
        gid: request.grant,
        name: request
            .display_name
            .map(|name| name.get(..name.floor_char_boundary(MAX_NAME)).unwrap_or_default().to_owned()),
        epoch: request.epoch,
    });
    claims.issued_at = Some(numeric_date(now).ok_or(Unissuable)?);
    claims.expiration = Some(numeric_date(now.plus(request.lifetime)).ok_or(Unissuable)?);
    let header = Header::empty().with_token_type(TOKEN_TYPE).with_key_id(keys.current_id());
    let text = StrictEd25519.token(&header, &claims, keys).map_err(|_| Unissuable)?;
    if text.len() > MAX_BEARER_LENGTH {
        return Err(Unissuable);
    }
    Ok(AccessToken { text, expires_in: request.lifetime })
}

/// What a token must fit.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The issuer: this server under the name it was asked by.
    pub issuer: &'a Issuer,
    /// The resource that was asked.
    pub resource: &'a Resource,
    /// The credentials of today (and, while a master key is being replaced, their other spellings).
    pub epochs: &'a [Epoch],
}

/// A token that has passed every check that needs no storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedToken {
    caller: Caller,
    expires: Timestamp,
    id: Arc<str>,
}

impl VerifiedToken {
    /// For those who have checked a token, here and in `external`.
    pub(super) fn new(caller: Caller, expires: Timestamp, id: &str) -> Self {
        Self { caller, expires, id: Arc::from(id) }
    }

    /// Who is calling.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Who is calling.
    #[must_use]
    pub fn into_caller(self) -> Caller {
        self.caller
    }

    /// When it stops being accepted. Until then an isolate may remember that it verified this token.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// The name of this one token (`jti`), for a log line.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Why a token is not accepted. To the client they are all `invalid_token`; the text is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenRefused {
    /// Not a signed token, or not one of ours.
    #[error("malformed")]
    Malformed,
    /// Another type of token.
    #[error("wrong_type")]
    WrongType,
    /// An algorithm other than ours, `none` included.
    #[error("wrong_algorithm")]
    WrongAlgorithm,
    /// Signed with a key that is not, or no longer, ours.
    #[error("unknown_key")]
    UnknownKey,
    /// Changed, or never signed.
    #[error("bad_signature")]
    BadSignature,
    /// Made by another server, or under another name of this one.
    #[error("wrong_issuer")]
    WrongIssuer,
    /// For another resource.
    #[error("wrong_audience")]
    WrongAudience,
    /// Too old.
    #[error("expired")]
    Expired,
    /// From the future.
    #[error("not_yet_valid")]
    NotYetValid,
    /// The passphrase under which the person signed in has been changed.
    #[error("credentials_changed")]
    CredentialsChanged,
}

/// Checks a token at the resource.
pub fn verify(
    bearer: &Bearer,
    keys: &SigningKeys,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<VerifiedToken, TokenRefused> {
    let claims = authenticate(bearer.as_str(), keys)?;
    let expires = seconds(claims.expiration.as_ref()).ok_or(TokenRefused::Malformed)?;
    let issued = seconds(claims.issued_at.as_ref()).ok_or(TokenRefused::Malformed)?;
    let not_before = claims.not_before.as_ref().map_or(Some(issued), |time| seconds(Some(time)));
    let token = claims.custom;
    if token.iss != expected.issuer.as_str() {
        return Err(TokenRefused::WrongIssuer);
    }
    if token.aud != expected.resource.as_str() {
        return Err(TokenRefused::WrongAudience);
    }
    if now >= expires.plus(LEEWAY) {
        return Err(TokenRefused::Expired);
    }
    if now.plus(LEEWAY) < issued.max(not_before.ok_or(TokenRefused::Malformed)?) {
        return Err(TokenRefused::NotYetValid);
    }
    if token.epoch.is_some_and(|epoch| !expected.epochs.contains(&epoch)) {
        return Err(TokenRefused::CredentialsChanged);
    }
    let caller = Caller {
        subject: token.sub,
        client_id: token.client_id,
        scopes: token.scope,
        display_name: token.name.map(Arc::from),
        grant: token.gid,
    };
    Ok(VerifiedToken::new(caller, expires.plus(LEEWAY), &token.jti))
}

/// Whose token this is, however old: what a request for its revocation needs (RFC 7009). Not a permission to anything.
pub fn identify(
    token: &str,
    issuer: &Issuer,
    keys: &SigningKeys,
) -> Result<(ClientId, Subject, Option<GrantId>), TokenRefused> {
    let claims = authenticate(token, keys)?.custom;
    if claims.iss != issuer.as_str() {
        return Err(TokenRefused::WrongIssuer);
    }
    Ok((claims.client_id, claims.sub, claims.gid))
}

/// Header and signature.
fn authenticate(text: &str, keys: &SigningKeys) -> Result<Claims<AccessClaims>, TokenRefused> {
    if text.len() > MAX_BEARER_LENGTH {
        return Err(TokenRefused::Malformed);
    }
    let token: UntrustedToken<'_, ForeignHeader> = text.try_into().map_err(|_| TokenRefused::Malformed)?;
    if token.algorithm() != StrictEd25519::NAME {
        return Err(TokenRefused::WrongAlgorithm);
    }
    let header = token.header();
    if header.token_type.as_deref() != Some(TOKEN_TYPE) {
        return Err(TokenRefused::WrongType);
    }
    // A key is looked up among ours by its name; no header brings one along, and no header asks for more than we know.
    if header.other_fields.crit.is_some() || header.other_fields.jwk.is_some() || header.key_set_url.is_some() {
        return Err(TokenRefused::Malformed);
    }
    let key = header.key_id.as_deref().and_then(|id| keys.find(id)).ok_or(TokenRefused::UnknownKey)?;
    StrictEd25519
        .validator::<AccessClaims>(key.key())
        .validate(&token)
        .map(|token| token.into_parts().1)
        .map_err(|_| TokenRefused::BadSignature)
}

#[derive(Serialize, Deserialize)]
struct AccessClaims {
    iss: String,
    sub: Subject,
    /// A text: a token for several resources does not parse.
    aud: String,
    client_id: ClientId,
    scope: ScopeSet,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    gid: Option<GrantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<Epoch>,
}

/// Members of a header that we never write, and that would change what a signature means.
#[derive(Clone, Deserialize)]
struct ForeignHeader {
    crit: Option<serde_json::Value>,
    jwk: Option<serde_json::Value>,
}

/// Ed25519 that takes no signature with a second reading: keys and points of small order are refused.
struct StrictEd25519;

impl StrictEd25519 {
    const NAME: &'static str = "EdDSA";
}

impl Algorithm for StrictEd25519 {
    type SigningKey = SigningKeys;
    type VerifyingKey = ed25519_dalek::VerifyingKey;
    type Signature = ed25519_dalek::Signature;

    fn name(&self) -> std::borrow::Cow<'static, str> {
        Self::NAME.into()
    }

    fn sign(&self, keys: &SigningKeys, message: &[u8]) -> Self::Signature {
        keys.sign(message)
    }

    fn verify_signature(&self, signature: &Self::Signature, key: &Self::VerifyingKey, message: &[u8]) -> bool {
        key.verify_strict(message, signature).is_ok()
    }
}

fn numeric_date(time: Timestamp) -> Option<DateTime<chrono::Utc>> {
    DateTime::from_timestamp(i64::try_from(time.as_seconds()).ok()?, 0)
}

fn seconds(time: Option<&DateTime<chrono::Utc>>) -> Option<Timestamp> {
    u64::try_from(time?.timestamp()).ok().map(Timestamp::from_seconds)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use ed25519_dalek::Signer;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::oauth::keys::SIGNING_PERIOD;
    use crate::oauth::keys::tests::{Counting, ring};

    const ISSUER: &str = "https://host.example";
    const RESOURCE: &str = "https://host.example/mcp";
    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const EPOCH: Epoch = Epoch::from_bytes([7; 8]);

    static OURS: LazyLock<(Issuer, Resource)> = LazyLock::new(|| (issuer(ISSUER), resource(RESOURCE)));

    fn issuer(text: &str) -> Issuer {
        Issuer::parse(text).unwrap()
    }

    fn resource(text: &str) -> Resource {
        Resource::parse(text).unwrap()
    }

    fn expected() -> Expected<'static> {
        Expected { issuer: &OURS.0, resource: &OURS.1, epochs: &[EPOCH] }
    }

    // Derived and signed once: without optimisation each takes milliseconds.
    static KEYS: LazyLock<SigningKeys> = LazyLock::new(|| ring(1).signing(NOW));
    static ISSUED: LazyLock<String> = LazyLock::new(issue_one);

    fn keys() -> &'static SigningKeys {
        &KEYS
    }

    fn issued() -> String {
        ISSUED.clone()
    }

    fn issue_one() -> String {
        let request = AccessTokenRequest {
            issuer: &OURS.0,
            resource: &OURS.1,
            subject: &Subject::new("owner").unwrap(),
            client_id: &ClientId::new("https://client.example/c.json").unwrap(),
            scope: &ScopeSet::parse("notes:read profile").unwrap(),
            grant: Some(GrantId::from_bytes([1; 8])),
            display_name: Some("Zoë"),
            epoch: Some(EPOCH),
            lifetime: ACCESS_TOKEN_LIFETIME,
        };
        let token = issue(&request, keys(), NOW, &Counting::from(1)).unwrap();
        assert_eq!(token.expires_in(), 3600);
        token.as_str().to_owned()
    }

    fn check(text: &str, now: Timestamp) -> Result<VerifiedToken, TokenRefused> {
        check_for(text, &expected(), now)
    }

    fn check_for(text: &str, expected: &Expected<'_>, now: Timestamp) -> Result<VerifiedToken, TokenRefused> {
        let bearer = Bearer::from_authorization([format!("Bearer {text}").as_str()]).unwrap().unwrap();
        verify(&bearer, keys(), expected, now)
    }

    fn encode(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string().as_bytes())
    }

    /// A token with our signature under any header and any claims.
    fn forge(header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = keys().sign(message.as_bytes()).to_bytes();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn header() -> Value {
        json!({"alg": "EdDSA", "typ": "at+jwt", "kid": keys().current_id()})
    }

    fn claims() -> Value {
        let text = issued();
        let payload = text.split('.').nth(1).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    }

    fn with(mut object: Value, name: &str, value: Value) -> Value {
        object[name] = value;
        object
    }

    fn without(mut object: Value, name: &str) -> Value {
        object.as_object_mut().unwrap().remove(name);
        object
    }

    #[test]
    fn an_issued_token_says_who_is_calling() {
        let token = check(&issued(), NOW).unwrap();
        let caller = token.caller();
        assert_eq!(caller.subject.as_str(), "owner");
        assert_eq!(caller.client_id.as_str(), "https://client.example/c.json");
        assert_eq!(caller.scopes.as_str(), "notes:read profile");
        assert_eq!(caller.grant, Some(GrantId::from_bytes([1; 8])));
        assert_eq!(caller.display_name.as_deref(), Some("Zoë"));
        assert_eq!(token.expires(), NOW.plus(3600 + LEEWAY));
        assert_eq!(token.id().len(), 22);
    }

    #[test]
    fn the_claims_are_those_of_rfc_9068() {
        let claims = claims();
        assert_eq!(claims["iss"], ISSUER);
        assert_eq!(claims["aud"], RESOURCE);
        assert_eq!(claims["exp"], NOW.plus(3600).as_seconds());
        assert_eq!(claims["iat"], NOW.as_seconds());
        for name in ["sub", "client_id", "jti", "scope"] {
            assert!(claims[name].is_string(), "{name}: {claims}");
        }
        assert!(issued().len() < 800, "{}", issued().len());
    }

    #[test]
    fn time_is_checked_with_thirty_seconds_of_leeway() {
        let text = issued();
        for (name, now, want) in [
            ("issued by a clock half a minute ahead", NOW.minus(LEEWAY), None),
            ("from the future", NOW.minus(LEEWAY + 1), Some(TokenRefused::NotYetValid)),
            ("just expired", NOW.plus(3600 + LEEWAY - 1), None),
            ("expired", NOW.plus(3600 + LEEWAY), Some(TokenRefused::Expired)),
        ] {
            assert_eq!(check(&text, now).err(), want, "{name}");
        }
        let later = forge(&header(), &with(claims(), "nbf", json!(NOW.as_seconds() + 31)));
        assert_eq!(check(&later, NOW).err(), Some(TokenRefused::NotYetValid));
    }

    #[test]
    fn a_token_is_good_at_one_resource_of_one_issuer() {
        for (name, text) in [
            ("the other resource", "https://host.example/private/mcp"),
            ("a prefix", "https://host.example/mc"),
            ("below it", "https://host.example/mcp/x"),
            ("another case", "https://host.example/MCP"),
            ("another host", "https://other.example/mcp"),
            ("another scheme", "http://host.example/mcp"),
            ("another port", "https://host.example:8443/mcp"),
        ] {
            let other = resource(text);
            let expected = Expected { resource: &other, ..expected() };
            assert_eq!(check_for(&issued(), &expected, NOW), Err(TokenRefused::WrongAudience), "{name}");
        }
        let other = issuer("https://other.example");
        let expected = Expected { issuer: &other, ..expected() };
        assert_eq!(check_for(&issued(), &expected, NOW), Err(TokenRefused::WrongIssuer));
    }

    #[test]
    fn changing_the_passphrase_ends_every_token() {
        let changed = Expected { epochs: &[Epoch::from_bytes([8; 8])], ..expected() };
        assert_eq!(check_for(&issued(), &changed, NOW), Err(TokenRefused::CredentialsChanged));
        let removed = Expected { epochs: &[], ..expected() };
        assert_eq!(check_for(&issued(), &removed, NOW), Err(TokenRefused::CredentialsChanged));
        let rotating = Expected { epochs: &[Epoch::from_bytes([8; 8]), EPOCH], ..expected() };
        assert!(check_for(&issued(), &rotating, NOW).is_ok());
        let machine = forge(&header(), &without(claims(), "epoch"));
        assert!(check_for(&machine, &removed, NOW).is_ok(), "a client of its own has no passphrase");
    }

    #[test]
    fn only_our_header_is_accepted() {
        for (name, header, want) in [
            ("ours", header(), None),
            ("plain JWT", with(header(), "typ", json!("JWT")), Some(TokenRefused::WrongType)),
            ("no type", without(header(), "typ"), Some(TokenRefused::WrongType)),
            ("a refresh token", with(header(), "typ", json!("rt+jwt")), Some(TokenRefused::WrongType)),
            ("unsigned", with(header(), "alg", json!("none")), Some(TokenRefused::WrongAlgorithm)),
            ("HS256 with a public key", with(header(), "alg", json!("HS256")), Some(TokenRefused::WrongAlgorithm)),
            ("another name", with(header(), "alg", json!("Ed25519")), Some(TokenRefused::WrongAlgorithm)),
            ("lower case", with(header(), "alg", json!("eddsa")), Some(TokenRefused::WrongAlgorithm)),
            ("no key", without(header(), "kid"), Some(TokenRefused::UnknownKey)),
            ("foreign key", with(header(), "kid", json!("x")), Some(TokenRefused::UnknownKey)),
            ("critical extension", with(header(), "crit", json!(["b64"])), Some(TokenRefused::Malformed)),
            ("brings its key", with(header(), "jwk", json!({"kty": "OKP"})), Some(TokenRefused::Malformed)),
            ("points to its key", with(header(), "jku", json!("https://evil.example")), Some(TokenRefused::Malformed)),
        ] {
            assert_eq!(check(&forge(&header, &claims()), NOW).err(), want, "{name}");
        }
    }

    #[test]
    fn every_required_claim_is_required_and_has_its_type() {
        for name in ["iss", "sub", "aud", "client_id", "scope", "jti", "exp", "iat"] {
            assert!(check(&forge(&header(), &without(claims(), name)), NOW).is_err(), "without {name}");
            for value in [Value::Null, json!([]), json!({}), json!([RESOURCE]), json!(-1)] {
                let text = forge(&header(), &with(claims(), name, value.clone()));
                assert!(check(&text, NOW).is_err(), "{name} = {value}");
            }
        }
        let many = forge(&header(), &with(claims(), "aud", json!([RESOURCE, "https://other.example"])));
        assert!(check(&many, NOW).is_err(), "several audiences");
    }

    #[test]
    fn a_foreign_signature_is_worth_nothing() {
        let keys = ring(2).signing(NOW);
        let message = format!("{}.{}", encode(&header()), encode(&claims()));
        let signature = URL_SAFE_NO_PAD.encode(keys.sign(message.as_bytes()).to_bytes());
        assert_eq!(check(&format!("{message}.{signature}"), NOW), Err(TokenRefused::BadSignature));
        assert_eq!(check(&format!("{message}."), NOW), Err(TokenRefused::BadSignature));
        assert!(check(&message, NOW).is_err());
        let other = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
        let signature = URL_SAFE_NO_PAD.encode(other.sign(message.as_bytes()).to_bytes());
        assert_eq!(check(&format!("{message}.{signature}"), NOW), Err(TokenRefused::BadSignature));
    }

    #[test]
    fn a_signature_with_a_second_reading_is_refused() {
        // The point of order one as key and as R, with S = 0: valid for any message where verification is not strict.
        let mut identity = [0; 32];
        identity[0] = 1;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&identity).unwrap();
        let mut bytes = [0; 64];
        bytes[0] = 1;
        let signature = ed25519_dalek::Signature::from_bytes(&bytes);
        assert!(ed25519_dalek::Verifier::verify(&key, b"anything", &signature).is_ok());
        assert!(!StrictEd25519.verify_signature(&signature, &key, b"anything"));
    }

    #[test]
    fn a_token_outlives_the_key_that_signed_it() {
        let last_second =
            Timestamp::from_seconds(NOW.as_seconds() / SIGNING_PERIOD * SIGNING_PERIOD + SIGNING_PERIOD - 1);
        let keys = ring(1).signing(last_second);
        let next = ring(1).signing(last_second.plus(60));
        assert!(!keys.covers(last_second.plus(60)));
        let request = AccessTokenRequest {
            issuer: &OURS.0,
            resource: &OURS.1,
            subject: &Subject::new("owner").unwrap(),
            client_id: &ClientId::new("c").unwrap(),
            scope: &ScopeSet::empty(),
            grant: None,
            display_name: None,
            epoch: None,
            lifetime: 3600,
        };
        let token = issue(&request, &keys, last_second, &Counting::from(1)).unwrap();
        let bearer = Bearer::from_authorization([format!("Bearer {}", token.as_str()).as_str()]).unwrap().unwrap();
        assert!(verify(&bearer, &next, &expected(), last_second.plus(60)).is_ok());
    }

    #[test]
    fn a_token_too_long_to_be_accepted_is_not_issued() {
        let scopes: Vec<String> = (0..60).map(|n| format!("{n}{}", "s".repeat(60))).collect();
        let request = AccessTokenRequest {
            issuer: &OURS.0,
            resource: &OURS.1,
            subject: &Subject::new("owner").unwrap(),
            client_id: &ClientId::new("c").unwrap(),
            scope: &ScopeSet::parse(&scopes.join(" ")).unwrap(),
            grant: None,
            display_name: None,
            epoch: None,
            lifetime: 3600,
        };
        assert_eq!(issue(&request, keys(), NOW, &Counting::from(1)).err(), Some(Unissuable));
        let endless = AccessTokenRequest { scope: &ScopeSet::empty(), lifetime: u64::MAX, ..request };
        assert_eq!(issue(&endless, keys(), NOW, &Counting::from(1)).err(), Some(Unissuable));
    }

    #[test]
    fn an_expired_token_can_still_be_named_for_revocation_and_a_forged_one_not() {
        let (client, subject, grant) = identify(&issued(), &OURS.0, keys()).unwrap();
        assert_eq!((client.as_str(), subject.as_str()), ("https://client.example/c.json", "owner"));
        assert_eq!(grant, Some(GrantId::from_bytes([1; 8])));
        assert!(identify(&issued(), &issuer("https://other.example"), keys()).is_err());
        assert!(identify("x", &OURS.0, keys()).is_err());
    }

    proptest! {
        #[test]
        fn one_changed_character_spoils_it(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
            let text = issued();
            let at = at.index(text.len());
            let mut changed = text.clone();
            changed.replace_range(at..=at, &to);
            prop_assume!(changed != text);
            prop_assert!(check(&changed, NOW).is_err());
        }

        #[test]
        fn no_text_makes_it_panic(text in "[A-Za-z0-9_.-]{1,200}|eyJ[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,90}") {
            prop_assert!(check(&text, NOW).is_err());
        }
    }
}
