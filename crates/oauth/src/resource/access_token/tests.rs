//! The rules of access tokens.

use std::sync::LazyLock;

use hmac::Mac as _;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::crypto::keys::mac::hmac;
use crate::crypto::keys::signing::SIGNING_PERIOD;
use crate::resource::access_token::*;
use crate::testing::test_keys::{TestRandom, ring};

const ISSUER: &str = "https://host.example";
const RESOURCE: &str = "https://host.example/mcp";
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const VERSION: CredentialVersion = CredentialVersion::from_bytes([7; 8]);

static OURS: LazyLock<(Issuer, Resource)> = LazyLock::new(|| (issuer(ISSUER), resource(RESOURCE)));

fn issuer(text: &str) -> Issuer {
    Issuer::parse(text).unwrap()
}

fn resource(text: &str) -> Resource {
    Resource::parse(text).unwrap()
}

fn expected() -> ExpectedClaims<'static> {
    ExpectedClaims { issuer: &OURS.0, resource: &OURS.1, credential_versions: &[VERSION] }
}

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
        credential_version: Some(VERSION),
        lifetime: ACCESS_TOKEN_LIFETIME,
    };
    let token = issue(&request, keys(), NOW, &TestRandom::from(1)).unwrap();
    assert_eq!(token.expires_in(), 3600);
    token.as_str().to_owned()
}

fn check(text: &str, now: Timestamp) -> Result<VerifiedToken, AccessTokenError> {
    check_for(text, &expected(), now)
}

fn check_for(text: &str, expected: &ExpectedClaims<'_>, now: Timestamp) -> Result<VerifiedToken, AccessTokenError> {
    let bearer = BearerToken::from_authorization([format!("Bearer {text}").as_str()]).unwrap().unwrap();
    verify(&bearer, keys(), expected, now)
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string().as_bytes())
}

fn sign(keys: &SigningKeys, message: &str) -> String {
    let signature = hmac(keys.current().secret().as_ref()).chain_update(message).finalize().into_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Returns a token with a valid header and signature, and any claims.
fn forge(claims: &Value) -> String {
    sign(keys(), &format!("{}.{}", keys().current().header(), encode(claims)))
}

fn header() -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(keys().current().header()).unwrap()).unwrap()
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
fn an_access_token_identifies_the_caller() {
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
fn the_claims_of_an_access_token_are_those_of_rfc_9068() {
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
fn the_times_of_an_access_token_are_checked_with_thirty_seconds_of_leeway() {
    let text = issued();
    for (name, now, want) in [
        ("issued by a clock half a minute ahead", NOW.minus(LEEWAY), None),
        ("from the future", NOW.minus(LEEWAY + 1), Some(AccessTokenError::NotYetValid)),
        ("just expired", NOW.plus(3600 + LEEWAY - 1), None),
        ("expired", NOW.plus(3600 + LEEWAY), Some(AccessTokenError::Expired)),
    ] {
        assert_eq!(check(&text, now).err(), want, "{name}");
    }
}

#[test]
fn an_access_token_is_valid_at_one_resource_of_one_issuer() {
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
        let expected = ExpectedClaims { resource: &other, ..expected() };
        assert_eq!(check_for(&issued(), &expected, NOW), Err(AccessTokenError::WrongAudience), "{name}");
    }
    let other = issuer("https://other.example");
    let expected = ExpectedClaims { issuer: &other, ..expected() };
    assert_eq!(check_for(&issued(), &expected, NOW), Err(AccessTokenError::WrongIssuer));
}

#[test]
fn a_new_passphrase_ends_every_access_token() {
    let changed = ExpectedClaims { credential_versions: &[CredentialVersion::from_bytes([8; 8])], ..expected() };
    assert_eq!(check_for(&issued(), &changed, NOW), Err(AccessTokenError::CredentialsChanged));
    let removed = ExpectedClaims { credential_versions: &[], ..expected() };
    assert_eq!(check_for(&issued(), &removed, NOW), Err(AccessTokenError::CredentialsChanged));
    let rotating =
        ExpectedClaims { credential_versions: &[CredentialVersion::from_bytes([8; 8]), VERSION], ..expected() };
    assert!(check_for(&issued(), &rotating, NOW).is_ok());
    let machine = forge(&without(claims(), "epoch"));
    assert!(check_for(&machine, &removed, NOW).is_ok(), "a client of its own has no passphrase");
}

#[test]
fn a_validly_signed_access_token_with_another_header_is_refused() {
    let ours = header();
    let kid = ours.split('"').nth(7).unwrap().to_owned();
    assert_eq!(ours, format!(r#"{{"alg":"HS256","kid":"{kid}","typ":"at+jwt"}}"#));
    for (name, header) in [
        ("plain JWT", ours.replace("at+jwt", "JWT")),
        ("a refresh token", ours.replace("at+jwt", "rt+jwt")),
        ("no type", ours.replace(r#","typ":"at+jwt""#, "")),
        ("unsigned", ours.replace("HS256", "none")),
        ("a longer hash", ours.replace("HS256", "HS512")),
        ("a public-key algorithm", ours.replace("HS256", "EdDSA")),
        ("lower case", ours.replace("HS256", "hs256")),
        ("no key", ours.replace(&format!(r#","kid":"{kid}""#), "")),
        ("key of another server", ours.replace(&kid, "x")),
        ("critical extension", ours.replace('}', r#","crit":["b64"]}"#)),
        ("brings its key", ours.replace('}', r#","jwk":{"kty":"OKP"}}"#)),
        ("points to its key", ours.replace('}', r#","jku":"https://evil.example"}"#)),
        ("a member twice", ours.replace('}', r#","alg":"none"}"#)),
        ("another order", format!(r#"{{"typ":"at+jwt","alg":"HS256","kid":"{kid}"}}"#)),
        ("white space", ours.replace(':', ": ")),
        ("empty", String::new()),
    ] {
        let text = sign(keys(), &format!("{}.{}", URL_SAFE_NO_PAD.encode(header), encode(&claims())));
        assert_eq!(check(&text, NOW).err(), Some(AccessTokenError::NotIssuedHere), "{name}");
    }
    assert!(check(&forge(&claims()), NOW).is_ok());
}

#[test]
fn every_required_claim_of_an_access_token_must_be_there_with_its_type() {
    for name in ["iss", "sub", "aud", "client_id", "scope", "jti", "exp", "iat"] {
        assert!(check(&forge(&without(claims(), name)), NOW).is_err(), "without {name}");
        for value in [Value::Null, json!([]), json!({}), json!([RESOURCE]), json!(-1)] {
            let text = forge(&with(claims(), name, value.clone()));
            assert!(check(&text, NOW).is_err(), "{name} = {value}");
        }
    }
    let many = forge(&with(claims(), "aud", json!([RESOURCE, "https://other.example"])));
    assert!(check(&many, NOW).is_err(), "several audiences");
}

#[test]
fn a_token_signed_by_another_server_is_refused() {
    let message = format!("{}.{}", keys().current().header(), encode(&claims()));
    let of_another_server = sign(&ring(2).signing(NOW), &message);
    assert_eq!(check(&of_another_server, NOW), Err(AccessTokenError::BadSignature));
    for (name, text) in [
        ("none", format!("{message}.")),
        ("short", format!("{message}.AAAA")),
        ("long", format!("{message}.{}", URL_SAFE_NO_PAD.encode([0; 64]))),
        ("zeros", format!("{message}.{}", URL_SAFE_NO_PAD.encode([0; 32]))),
    ] {
        assert_eq!(check(&text, NOW), Err(AccessTokenError::BadSignature), "{name}");
    }
    let padded = format!("{}=", forge(&claims()));
    for text in [message.as_str(), &padded, "a.b", "a", "..", "a.b.c.d"] {
        assert_eq!(check(text, NOW), Err(AccessTokenError::NotIssuedHere), "{text}");
    }
}

#[test]
fn an_access_token_stays_valid_after_its_signing_key_was_replaced() {
    let last_second = Timestamp::from_seconds(NOW.as_seconds() / SIGNING_PERIOD * SIGNING_PERIOD + SIGNING_PERIOD - 1);
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
        credential_version: None,
        lifetime: 3600,
    };
    let token = issue(&request, &keys, last_second, &TestRandom::from(1)).unwrap();
    let bearer = BearerToken::from_authorization([format!("Bearer {}", token.as_str()).as_str()]).unwrap().unwrap();
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
        credential_version: None,
        lifetime: 3600,
    };
    let answer = issue(&request, keys(), NOW, &TestRandom::from(1));
    assert_eq!(answer.err(), Some(TooLong));
}

#[test]
fn an_expired_access_token_can_be_revoked_and_a_forged_one_cannot() {
    let TokenOrigin { client_id, subject, grant, .. } = token_origin(&issued(), &OURS.0, keys()).unwrap();
    assert_eq!((client_id.as_str(), subject.as_str()), ("https://client.example/c.json", "owner"));
    assert_eq!(grant, Some(GrantId::from_bytes([1; 8])));
    assert!(token_origin(&issued(), &issuer("https://other.example"), keys()).is_err());
    assert!(token_origin("x", &OURS.0, keys()).is_err());
}

proptest! {
    #[test]
    fn an_access_token_with_one_changed_character_is_refused(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
        let text = issued();
        let at = at.index(text.len());
        let mut changed = text.clone();
        changed.replace_range(at..=at, &to);
        prop_assume!(changed != text);
        prop_assert!(check(&changed, NOW).is_err());
    }

    #[test]
    fn reading_any_text_as_an_access_token_does_not_panic(text in "[A-Za-z0-9_.-]{1,200}|eyJ[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,90}") {
        prop_assert!(check(&text, NOW).is_err());
    }
}

#[test]
fn a_resource_server_without_keys_asks_only_about_a_token_that_says_it_is_for_it() {
    let says = |text: &str, issuer: &str, resource: &str, now| {
        let bearer = BearerToken::from_authorization([format!("Bearer {text}").as_str()]).unwrap().unwrap();
        claims_to_be_for(&bearer, &self::issuer(issuer), &self::resource(resource), now)
    };
    let token = issued();
    assert!(says(&token, ISSUER, RESOURCE, NOW));
    assert!(says(&token, ISSUER, RESOURCE, NOW.plus(3600 + LEEWAY - 1)));
    for (name, text, issuer, resource, now) in [
        ("expired", token.as_str(), ISSUER, RESOURCE, NOW.plus(3600 + LEEWAY)),
        ("another resource", token.as_str(), ISSUER, "https://host.example/private/mcp", NOW),
        ("another issuer", token.as_str(), "https://other.example", RESOURCE, NOW),
        ("no JWT", "abc", ISSUER, RESOURCE, NOW),
        ("two parts", "a.b", ISSUER, RESOURCE, NOW),
        ("four parts", "a.b.c.d", ISSUER, RESOURCE, NOW),
        ("no JSON", "a.YWJj.c", ISSUER, RESOURCE, NOW),
    ] {
        assert!(!says(text, issuer, resource, now), "{name}");
    }
    let mut several = claims();
    several["aud"] = json!([RESOURCE]);
    assert!(!says(&forge(&several), ISSUER, RESOURCE, NOW), "for several resources");
}
