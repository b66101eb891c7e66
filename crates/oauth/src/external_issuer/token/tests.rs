//! The rules of access tokens of an external issuer.

use ed25519_dalek::Signer as _;
use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::external_issuer::keys::{Algorithm, ExternalKey, KeyMaterial};
use crate::external_issuer::token::*;
use crate::testing::test_support::done;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const AUDIENCES: [&str; 2] = ["https://host.example/mcp", "f81d4fae-7dec"];

/// Verifies Ed25519 in the test.
struct Native;

impl SignatureVerifier for Native {
    async fn verify(
        &self,
        algorithm: Algorithm,
        key: &ExternalKey,
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

fn keys() -> ExternalKeys {
    let x = URL_SAFE_NO_PAD.encode(signer().verifying_key().as_bytes());
    let document = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x}]});
    ExternalKeys::parse(document.to_string().as_bytes()).unwrap()
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

fn check_with(text: &str, accept_plain_jwt: bool) -> Result<VerifiedToken, ExternalTokenError> {
    let bearer = BearerToken::from_authorization([format!("Bearer {text}").as_str()]).unwrap().unwrap();
    let issuer = ExternalIssuer::parse("https://id.example/").unwrap();
    let policy = ExternalPolicy {
        issuer: &issuer,
        audiences: &AUDIENCES,
        accept_plain_jwt,
        claims: &IdentityClaims::default(),
        email: EmailClaim::IfVerified,
    };
    let keys = keys();
    done(verify_external(&bearer, &keys, &Native, &policy, NOW))
}

fn check(header: &Value, claims: &Value) -> Result<VerifiedToken, ExternalTokenError> {
    check_with(&sign(header, &claims.to_string()), false)
}

#[test]
fn a_valid_external_token_gives_a_caller_with_a_subject_of_our_own() {
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
fn an_external_token_says_what_is_known_of_the_person() {
    let claims = with(with(claims(), "email", json!("alice@example.org")), "groups", json!(["staff"]));
    for (verified, email) in [(json!(true), Some("alice@example.org")), (json!(false), None), (Value::Null, None)] {
        let token = check(&header(), &with(claims.clone(), "email_verified", verified)).unwrap();
        assert_eq!((token.caller().email(), token.caller().name()), (email, Some("Alice")));
        assert!(token.caller().is_in_group("staff"));
    }
}

#[test]
fn claims_are_read_as_real_issuers_write_them() {
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
fn every_invalid_claim_of_an_external_token_is_refused() {
    let now = NOW.as_seconds();
    for (name, value, want) in [
        ("iss", json!("https://id.example"), ExternalTokenError::WrongIssuer),
        ("iss", json!("https://evil.example/"), ExternalTokenError::WrongIssuer),
        ("iss", json!(["https://id.example/"]), ExternalTokenError::Malformed),
        ("aud", json!("https://host.example/private/mcp"), ExternalTokenError::WrongAudience),
        ("aud", json!("https://host.example/mcp/"), ExternalTokenError::WrongAudience),
        ("aud", json!([]), ExternalTokenError::WrongAudience),
        ("aud", json!(vec!["https://host.example/mcp"; 33]), ExternalTokenError::WrongAudience),
        ("aud", json!("app"), ExternalTokenError::WrongAudience),
        ("nonce", json!("n"), ExternalTokenError::IdentityToken),
        ("at_hash", json!("h"), ExternalTokenError::IdentityToken),
        ("exp", json!(now - 60), ExternalTokenError::Expired),
        ("exp", json!("tomorrow"), ExternalTokenError::Malformed),
        ("exp", json!(-1), ExternalTokenError::Malformed),
        ("exp", json!(1e300), ExternalTokenError::Malformed),
        ("nbf", json!(now + 61), ExternalTokenError::NotYetValid),
        ("iat", json!(now + 61), ExternalTokenError::NotYetValid),
        ("sub", json!(""), ExternalTokenError::Malformed),
        ("sub", json!(7), ExternalTokenError::Malformed),
        ("scope", json!("a\"b"), ExternalTokenError::Malformed),
        ("client_id", json!("a\nb"), ExternalTokenError::Malformed),
    ] {
        assert_eq!(check(&header(), &with(claims(), name, value.clone())), Err(want), "{name} = {value}");
    }
    for name in ["iss", "sub", "aud", "exp"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(check(&header(), &claims), Err(ExternalTokenError::Malformed), "without {name}");
    }
    let twice = claims().to_string().replacen('{', "{\"sub\":\"eve\",", 1);
    assert_eq!(check_with(&sign(&header(), &twice), false), Err(ExternalTokenError::Malformed), "a claim twice");
}

#[test]
fn every_invalid_header_of_an_external_token_is_refused() {
    for (name, value, want) in [
        ("alg", json!("none"), ExternalTokenError::WrongAlgorithm),
        ("alg", json!("HS256"), ExternalTokenError::WrongAlgorithm),
        ("alg", json!("RS512"), ExternalTokenError::WrongAlgorithm),
        ("alg", json!("ES256"), ExternalTokenError::UnknownKey),
        ("alg", Value::Null, ExternalTokenError::Malformed),
        ("typ", json!("JWT"), ExternalTokenError::WrongType),
        ("typ", Value::Null, ExternalTokenError::WrongType),
        ("typ", json!("dpop+jwt"), ExternalTokenError::WrongType),
        ("kid", json!("other"), ExternalTokenError::UnknownKey),
        ("crit", json!(["exp"]), ExternalTokenError::Malformed),
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
        assert_eq!(check_with(&text, false), Err(ExternalTokenError::WrongType));
    }
    let text = sign(&with(header(), "typ", json!("logout+jwt")), &claims().to_string());
    assert_eq!(check_with(&text, true), Err(ExternalTokenError::WrongType));
}

#[test]
fn an_unsigned_or_changed_external_token_is_refused() {
    let text = sign(&header(), &claims().to_string());
    let (message, signature) = text.rsplit_once('.').unwrap();
    for (name, changed, want) in [
        ("no signature", format!("{message}."), ExternalTokenError::BadSignature),
        ("one part", message.split_once('.').unwrap().0.to_owned(), ExternalTokenError::Malformed),
        ("two parts", message.to_owned(), ExternalTokenError::Malformed),
        ("four parts", format!("{text}.x"), ExternalTokenError::Malformed),
        (
            "another's signature",
            format!("{message}.{}", signature.chars().rev().collect::<String>()),
            ExternalTokenError::BadSignature,
        ),
    ] {
        let refusal = check_with(&changed, false).unwrap_err();
        assert!(refusal == want || refusal == ExternalTokenError::Malformed, "{name}: {refusal}");
    }
    let other = with(claims(), "scope", json!("notes:write")).to_string();
    let forged =
        format!("{}.{}.{signature}", URL_SAFE_NO_PAD.encode(header().to_string()), URL_SAFE_NO_PAD.encode(other));
    assert_eq!(check_with(&forged, false), Err(ExternalTokenError::BadSignature));
}

proptest! {
    #[test]
    fn an_external_token_with_one_changed_character_is_refused(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
        let text = sign(&header(), &claims().to_string());
        let at = at.index(text.len());
        let mut changed = text.clone();
        changed.replace_range(at..=at, &to);
        prop_assume!(changed != text);
        prop_assert!(check_with(&changed, true).is_err());
    }

    #[test]
    fn reading_any_text_as_an_external_token_does_not_panic(text in "[A-Za-z0-9_.-]{1,200}|eyJ[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,90}") {
        prop_assert!(check_with(&text, true).is_err());
    }
}
