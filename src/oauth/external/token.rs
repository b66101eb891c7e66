//! One access token of a foreign issuer: its form, its signature, its claims, in this order of cost.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Number, Value};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::discovery::ForeignIssuer;
use super::keys::{Algorithm, ForeignKey, ForeignKeys};
use crate::caller::{Caller, ClientId, ScopeSet, Subject};
use crate::oauth::Timestamp;
use crate::oauth::access_token::VerifiedToken;
use crate::oauth::bearer::Bearer;
use crate::oauth::outage::Outage;

/// How far the clock of a foreign server may differ, in seconds.
const LEEWAY: u64 = 60;
/// Most audiences that are looked at.
const MAX_AUDIENCES: usize = 32;
/// Longest name of a person that is kept, in bytes.
const MAX_NAME: usize = 128;

/// Checks signatures; the edge has the platform do it.
#[allow(async_fn_in_trait, reason = "a Worker has one thread; nobody needs these futures to be Send")]
pub trait SignatureVerifier {
    /// Whether `signature` is one of `message` by this key. The key is fit for the algorithm.
    async fn verify(
        &self,
        algorithm: Algorithm,
        key: &ForeignKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, Outage>;
}

/// What a foreign token must fit.
#[derive(Clone, Debug)]
pub struct ForeignPolicy<'a> {
    /// Who must have made it.
    pub issuer: &'a ForeignIssuer,
    /// For whom: our resource in canonical form, and other names of it that the configuration gives (some issuers know a
    /// resource by a number).
    pub audiences: &'a [&'a str],
    /// Whether a token may call itself a plain `JWT`, or nothing. Several products do not know `at+jwt`; then only the audience
    /// keeps an identity token from being taken for an access token.
    pub accept_plain_jwt: bool,
}

/// Why a foreign token is not accepted. To the client they are all `invalid_token`; the text is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ForeignRefusal {
    /// Not a signed token.
    #[error("malformed")]
    Malformed,
    /// Another type of token.
    #[error("wrong_type")]
    WrongType,
    /// An algorithm that is not accepted.
    #[error("wrong_algorithm")]
    WrongAlgorithm,
    /// Its key is not among the issuer's. Worth asking for them again, now and then.
    #[error("unknown_key")]
    UnknownKey,
    /// Changed, or never signed.
    #[error("bad_signature")]
    BadSignature,
    /// Made by somebody else.
    #[error("wrong_issuer")]
    WrongIssuer,
    /// For somebody else.
    #[error("wrong_audience")]
    WrongAudience,
    /// It says who signed in, not what may be done.
    #[error("identity_token")]
    IdentityToken,
    /// Too old.
    #[error("expired")]
    Expired,
    /// From the future.
    #[error("not_yet_valid")]
    NotYetValid,
    /// Its signature cannot be checked now.
    #[error("outage: {0}")]
    Outage(#[from] Outage),
}

/// Checks a foreign token at the resource.
pub async fn verify_foreign(
    bearer: &Bearer,
    keys: &ForeignKeys,
    verifier: &impl SignatureVerifier,
    policy: &ForeignPolicy<'_>,
    now: Timestamp,
) -> Result<VerifiedToken, ForeignRefusal> {
    let token = SignedToken::parse(bearer.as_str(), policy)?;
    let key = keys.select(token.key_id.as_deref(), token.algorithm).ok_or(ForeignRefusal::UnknownKey)?;
    // What is wrong in any case need not be verified first; nothing of it is believed before.
    let claims: ForeignClaims = serde_json::from_slice(&token.claims).map_err(|_| ForeignRefusal::Malformed)?;
    let if_genuine = claims.check(policy, now)?;
    if !verifier.verify(token.algorithm, key, token.message.as_bytes(), &token.signature).await? {
        return Err(ForeignRefusal::BadSignature);
    }
    Ok(if_genuine)
}

/// The parts of a compact JWS (RFC 7515 §7.1), unverified.
struct SignedToken<'a> {
    algorithm: Algorithm,
    key_id: Option<String>,
    message: &'a str,
    claims: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> SignedToken<'a> {
    fn parse(text: &'a str, policy: &ForeignPolicy<'_>) -> Result<Self, ForeignRefusal> {
        #[derive(Deserialize)]
        struct Header {
            alg: String,
            typ: Option<String>,
            kid: Option<String>,
            crit: Option<Value>,
        }
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| ForeignRefusal::Malformed);
        let (message, signature) = text.rsplit_once('.').ok_or(ForeignRefusal::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(ForeignRefusal::Malformed)?;
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| ForeignRefusal::Malformed)?;
        if header.crit.is_some() {
            return Err(ForeignRefusal::Malformed);
        }
        let algorithm = Algorithm::parse(&header.alg).ok_or(ForeignRefusal::WrongAlgorithm)?;
        if !is_access_token_type(header.typ.as_deref(), policy.accept_plain_jwt) {
            return Err(ForeignRefusal::WrongType);
        }
        Ok(Self { algorithm, key_id: header.kid, message, claims: decode(claims)?, signature: decode(signature)? })
    }
}

/// RFC 9068 §4. A media type has no case (RFC 7515 §4.1.9).
fn is_access_token_type(typ: Option<&str>, accept_plain: bool) -> bool {
    let Some(typ) = typ else {
        return accept_plain;
    };
    let typ = typ.to_ascii_lowercase();
    let typ = typ.strip_prefix("application/").unwrap_or(&typ);
    typ == "at+jwt" || (accept_plain && typ == "jwt")
}

/// The claims that matter. A claim that is there twice makes the token malformed.
#[derive(Deserialize)]
struct ForeignClaims {
    iss: String,
    sub: String,
    aud: OneOrMany,
    exp: Number,
    nbf: Option<Number>,
    iat: Option<Number>,
    client_id: Option<String>,
    azp: Option<String>,
    scope: Option<OneOrMany>,
    scp: Option<OneOrMany>,
    jti: Option<String>,
    name: Option<String>,
    nonce: Option<Value>,
    at_hash: Option<Value>,
    c_hash: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

impl ForeignClaims {
    fn check(self, policy: &ForeignPolicy<'_>, now: Timestamp) -> Result<VerifiedToken, ForeignRefusal> {
        if self.iss != policy.issuer.as_str() {
            return Err(ForeignRefusal::WrongIssuer);
        }
        let audiences = self.aud.as_slice();
        let is_for_us = audiences.iter().any(|audience| policy.audiences.contains(&audience.as_str()));
        if audiences.len() > MAX_AUDIENCES || !is_for_us {
            return Err(ForeignRefusal::WrongAudience);
        }
        if self.nonce.is_some() || self.at_hash.is_some() || self.c_hash.is_some() {
            return Err(ForeignRefusal::IdentityToken);
        }
        let moment = |date: &Number| numeric_date(date).ok_or(ForeignRefusal::Malformed);
        let expires = moment(&self.exp)?.plus(LEEWAY);
        if now >= expires {
            return Err(ForeignRefusal::Expired);
        }
        for date in [&self.nbf, &self.iat].into_iter().flatten() {
            if moment(date)? > now.plus(LEEWAY) {
                return Err(ForeignRefusal::NotYetValid);
            }
        }
        let scopes = match (&self.scope, &self.scp) {
            (Some(scopes), _) | (None, Some(scopes)) => scopes.as_slice().join(" "),
            (None, None) => String::new(),
        };
        let client_id = self.client_id.or(self.azp).unwrap_or_else(|| "unknown".to_owned());
        let caller = Caller {
            subject: subject_of(policy.issuer, &self.sub)?,
            client_id: ClientId::new(&client_id).map_err(|_| ForeignRefusal::Malformed)?,
            scopes: ScopeSet::parse(&scopes).map_err(|_| ForeignRefusal::Malformed)?,
            display_name: self.name.as_deref().map(shorten).map(Arc::from),
            grant: None,
        };
        let id = self.jti.as_deref().map(shorten).unwrap_or_default();
        Ok(VerifiedToken::new(caller, expires, id))
    }
}

/// A name of our own for a person of theirs: stable, of one issuer, and never an e-mail address, whatever they use as `sub`.
pub(in crate::oauth) fn subject_of(issuer: &ForeignIssuer, sub: &str) -> Result<Subject, ForeignRefusal> {
    if sub.is_empty() {
        return Err(ForeignRefusal::Malformed);
    }
    let digest = Sha256::new().chain_update(issuer.as_str()).chain_update(b"\0").chain_update(sub).finalize();
    Subject::new(&URL_SAFE_NO_PAD.encode(digest)).map_err(|_| ForeignRefusal::Malformed)
}

/// `NumericDate` of RFC 7519 §2, which may have a fraction.
fn numeric_date(number: &Number) -> Option<Timestamp> {
    number.as_u64().or_else(|| whole_seconds(number.as_f64()?)).map(Timestamp::from_seconds)
}

/// Up to the year 9999; beyond, nobody means it.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range that is checked")]
fn whole_seconds(seconds: f64) -> Option<u64> {
    (0.0..253_402_300_800.0).contains(&seconds).then_some(seconds as u64)
}

fn shorten(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_NAME)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::oauth::ed25519::tests::done;
    use crate::oauth::external::KeyMaterial;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const AUDIENCES: [&str; 2] = ["https://host.example/mcp", "f81d4fae-7dec"];

    /// Checks Ed25519 without the platform; knows no other algorithm.
    struct Native;

    impl SignatureVerifier for Native {
        async fn verify(
            &self,
            algorithm: Algorithm,
            key: &ForeignKey,
            message: &[u8],
            signature: &[u8],
        ) -> Result<bool, Outage> {
            let (Algorithm::EdDsa, KeyMaterial::Ed25519 { x }) = (algorithm, key.material()) else {
                return Err(Outage::Remote);
            };
            let key: [u8; 32] = URL_SAFE_NO_PAD.decode(x).unwrap().try_into().unwrap();
            let key = ed25519_dalek::VerifyingKey::from_bytes(&key).unwrap();
            Ok(ed25519_dalek::Signature::from_slice(signature).is_ok_and(|s| key.verify_strict(message, &s).is_ok()))
        }
    }

    fn signer() -> SigningKey {
        SigningKey::from_bytes(&[3; 32])
    }

    fn keys() -> ForeignKeys {
        let x = URL_SAFE_NO_PAD.encode(signer().verifying_key().as_bytes());
        let document = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x}]});
        ForeignKeys::parse(document.to_string().as_bytes()).unwrap()
    }

    fn header() -> Value {
        json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "k"})
    }

    fn claims() -> Value {
        json!({
            "iss": "https://id.example/", "sub": "alice@example.org", "aud": "https://host.example/mcp",
            "exp": NOW.plus(600), "iat": NOW, "client_id": "app", "scope": "notes:read",
            "jti": "j1", "name": "Alice"
        })
    }

    fn with(mut object: Value, name: &str, value: Value) -> Value {
        object[name] = value;
        object
    }

    fn sign(header: &Value, claims: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims));
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signer().sign(message.as_bytes()).to_bytes()))
    }

    fn check_with(text: &str, accept_plain_jwt: bool) -> Result<VerifiedToken, ForeignRefusal> {
        let bearer = Bearer::from_authorization([format!("Bearer {text}").as_str()]).unwrap().unwrap();
        let issuer = ForeignIssuer::parse("https://id.example/").unwrap();
        let policy = ForeignPolicy { issuer: &issuer, audiences: &AUDIENCES, accept_plain_jwt };
        let keys = keys();
        done(verify_foreign(&bearer, &keys, &Native, &policy, NOW))
    }

    fn check(header: &Value, claims: &Value) -> Result<VerifiedToken, ForeignRefusal> {
        check_with(&sign(header, &claims.to_string()), false)
    }

    #[test]
    fn a_good_token_says_who_is_calling_under_a_name_of_our_own() {
        let token = check(&header(), &claims()).unwrap();
        let caller = token.caller();
        assert_eq!((caller.client_id.as_str(), caller.scopes.as_str()), ("app", "notes:read"));
        assert_eq!(caller.display_name.as_deref(), Some("Alice"));
        assert_eq!(caller.subject.as_str().len(), 43);
        assert!(!caller.subject.as_str().contains('@'));
        assert_eq!(caller.grant, None);
        assert_eq!(token.expires(), NOW.plus(660));
        let other = check(&header(), &with(claims(), "sub", json!("bob"))).unwrap();
        assert_ne!(other.caller().subject, caller.subject);
    }

    #[test]
    fn claims_are_read_as_the_products_write_them() {
        for (name, changed, scopes, client) in [
            ("scp as a list", with(with(claims(), "scope", Value::Null), "scp", json!(["a", "b"])), "a b", "app"),
            ("scp as a text", with(with(claims(), "scope", Value::Null), "scp", json!("a b")), "a b", "app"),
            ("no scope", with(claims(), "scope", Value::Null), "", "app"),
            ("azp", with(with(claims(), "client_id", Value::Null), "azp", json!("party")), "notes:read", "party"),
            (
                "several audiences",
                with(claims(), "aud", json!(["https://id.example/userinfo", "f81d4fae-7dec"])),
                "notes:read",
                "app",
            ),
            ("fractions of a second", with(claims(), "exp", json!(1_800_000_600.75)), "notes:read", "app"),
        ] {
            let token = check(&header(), &changed).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
            assert_eq!((token.caller().scopes.as_str(), token.caller().client_id.as_str()), (scopes, client), "{name}");
        }
    }

    #[test]
    fn every_claim_that_does_not_fit_is_refused() {
        let now = NOW.as_seconds();
        for (name, value, want) in [
            ("iss", json!("https://id.example"), ForeignRefusal::WrongIssuer),
            ("iss", json!("https://evil.example/"), ForeignRefusal::WrongIssuer),
            ("iss", json!(["https://id.example/"]), ForeignRefusal::Malformed),
            ("aud", json!("https://host.example/private/mcp"), ForeignRefusal::WrongAudience),
            ("aud", json!("https://host.example/mcp/"), ForeignRefusal::WrongAudience),
            ("aud", json!([]), ForeignRefusal::WrongAudience),
            ("aud", json!(vec!["https://host.example/mcp"; 33]), ForeignRefusal::WrongAudience),
            ("aud", json!("app"), ForeignRefusal::WrongAudience),
            ("nonce", json!("n"), ForeignRefusal::IdentityToken),
            ("at_hash", json!("h"), ForeignRefusal::IdentityToken),
            ("exp", json!(now - 60), ForeignRefusal::Expired),
            ("exp", json!("tomorrow"), ForeignRefusal::Malformed),
            ("exp", json!(-1), ForeignRefusal::Malformed),
            ("exp", json!(1e300), ForeignRefusal::Malformed),
            ("nbf", json!(now + 61), ForeignRefusal::NotYetValid),
            ("iat", json!(now + 61), ForeignRefusal::NotYetValid),
            ("sub", json!(""), ForeignRefusal::Malformed),
            ("sub", json!(7), ForeignRefusal::Malformed),
            ("scope", json!("a\"b"), ForeignRefusal::Malformed),
            ("client_id", json!("a\nb"), ForeignRefusal::Malformed),
        ] {
            assert_eq!(check(&header(), &with(claims(), name, value.clone())), Err(want), "{name} = {value}");
        }
        for name in ["iss", "sub", "aud", "exp"] {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(name);
            assert_eq!(check(&header(), &claims), Err(ForeignRefusal::Malformed), "without {name}");
        }
        let twice = claims().to_string().replacen('{', "{\"sub\":\"eve\",", 1);
        assert_eq!(check_with(&sign(&header(), &twice), false), Err(ForeignRefusal::Malformed), "a claim twice");
    }

    #[test]
    fn every_header_that_does_not_fit_is_refused() {
        for (name, value, want) in [
            ("alg", json!("none"), ForeignRefusal::WrongAlgorithm),
            ("alg", json!("HS256"), ForeignRefusal::WrongAlgorithm),
            ("alg", json!("RS512"), ForeignRefusal::WrongAlgorithm),
            ("alg", json!("ES256"), ForeignRefusal::UnknownKey),
            ("alg", Value::Null, ForeignRefusal::Malformed),
            ("typ", json!("JWT"), ForeignRefusal::WrongType),
            ("typ", Value::Null, ForeignRefusal::WrongType),
            ("typ", json!("dpop+jwt"), ForeignRefusal::WrongType),
            ("kid", json!("other"), ForeignRefusal::UnknownKey),
            ("crit", json!(["exp"]), ForeignRefusal::Malformed),
        ] {
            assert_eq!(check(&with(header(), name, value.clone()), &claims()), Err(want), "{name} = {value}");
        }
        for typ in ["AT+JWT", "application/at+jwt"] {
            assert!(check(&with(header(), "typ", json!(typ)), &claims()).is_ok(), "{typ}");
        }
        assert!(check(&with(header(), "kid", Value::Null), &claims()).is_ok(), "there is only one key");
    }

    #[test]
    fn a_plain_jwt_is_taken_only_where_that_is_configured() {
        for typ in [json!("JWT"), Value::Null] {
            let text = sign(&with(header(), "typ", typ), &claims().to_string());
            assert!(check_with(&text, true).is_ok());
            assert_eq!(check_with(&text, false), Err(ForeignRefusal::WrongType));
        }
        let text = sign(&with(header(), "typ", json!("logout+jwt")), &claims().to_string());
        assert_eq!(check_with(&text, true), Err(ForeignRefusal::WrongType));
    }

    #[test]
    fn nothing_unsigned_or_changed_passes() {
        let text = sign(&header(), &claims().to_string());
        let (message, signature) = text.rsplit_once('.').unwrap();
        for (name, changed, want) in [
            ("no signature", format!("{message}."), ForeignRefusal::BadSignature),
            ("one part", message.split_once('.').unwrap().0.to_owned(), ForeignRefusal::Malformed),
            ("two parts", message.to_owned(), ForeignRefusal::Malformed),
            ("four parts", format!("{text}.x"), ForeignRefusal::Malformed),
            (
                "another's signature",
                format!("{message}.{}", signature.chars().rev().collect::<String>()),
                ForeignRefusal::BadSignature,
            ),
        ] {
            let refusal = check_with(&changed, false).unwrap_err();
            assert!(refusal == want || refusal == ForeignRefusal::Malformed, "{name}: {refusal}");
        }
        let other = with(claims(), "scope", json!("notes:write")).to_string();
        let forged =
            format!("{}.{}.{signature}", URL_SAFE_NO_PAD.encode(header().to_string()), URL_SAFE_NO_PAD.encode(other));
        assert_eq!(check_with(&forged, false), Err(ForeignRefusal::BadSignature));
    }

    proptest! {
        #[test]
        fn one_changed_character_spoils_it(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
            let text = sign(&header(), &claims().to_string());
            let at = at.index(text.len());
            let mut changed = text.clone();
            changed.replace_range(at..=at, &to);
            prop_assume!(changed != text);
            prop_assert!(check_with(&changed, true).is_err());
        }

        #[test]
        fn no_text_makes_it_panic(text in "[A-Za-z0-9_.-]{1,200}|eyJ[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,90}") {
            prop_assert!(check_with(&text, true).is_err());
        }
    }
}
