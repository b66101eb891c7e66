//! The rules of identity assertions: each attack is a row.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::external_issuer::id_jag::*;
use crate::external_issuer::token::subject_of;

const N: u64 = 1_800_000_000;
const NOW: Timestamp = Timestamp::from_seconds(N);
const ACME: &str = "https://acme.example";

fn trusted() -> TrustedIssuers {
    let list = json!([
        {"issuer": ACME, "clients": ["claude"], "email_domains": ["acme.example"]},
        {"issuer": "https://tenants.example", "tenant": "eu", "clients": ["claude"]},
        {"issuer": "https://oid.example", "subject_claim": "oid", "clients": ["claude"]},
    ]);
    TrustedIssuers::parse(&list.to_string()).unwrap()
}

fn changed(mut value: Value, changes: &Value) -> Value {
    for (member, change) in changes.as_object().unwrap() {
        value[member] = change.clone();
    }
    value
}

fn text(header: &Value, claims: &Value) -> String {
    let header = changed(json!({"alg": "ES256", "typ": "oauth-id-jag+jwt", "kid": "1"}), header);
    let claims = changed(
        json!({"iss": ACME, "sub": "U1", "aud": "https://host.example", "client_id": "claude", "jti": "1", "iat": N, "exp": N + 300,
            "resource": "https://host.example/mcp", "scope": "notes:read"}),
        claims,
    );
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", encode(&header), encode(&claims))
}

fn check(header: &Value, claims: &Value) -> Result<IdJag, IdJagError> {
    let (text, trusted) = (text(header, claims), trusted());
    let jwt = SignedJwt::parse_assertion(&text)?;
    let issuer = IdJag::issuer(&jwt, &trusted)?;
    let here = (&ClientId::new("claude").unwrap(), &Issuer::parse("https://host.example").unwrap());
    IdJag::check(&jwt, issuer, here, &IdentityClaims::default(), NOW)
}

#[test]
fn an_assertion_gives_a_client_a_person_a_resource_and_scopes() {
    let claims = json!({"name": "Jane", "email": "jane@acme.example", "groups": ["staff"], "act": {"sub": "agent"}, "amr": ["mfa"]});
    let assertion = check(&json!({}), &claims).unwrap();
    let issuer = crate::web::discovery::ExternalIssuer::parse(ACME).unwrap();
    assert_eq!(assertion.subject, subject_of(&issuer, "U1").unwrap());
    assert_eq!(assertion.resources, [Resource::parse("https://host.example/mcp").unwrap()]);
    assert_eq!(assertion.scope.unwrap().as_str(), "notes:read");
    assert_eq!(assertion.expires, Timestamp::from_seconds(N + 330));
    let profile = assertion.profile;
    assert_eq!((profile.name(), profile.email()), (Some("Jane"), Some("jane@acme.example")));
    assert_eq!(profile.groups(), ["staff"]);
}

#[test]
fn an_assertion_that_is_wrong_in_any_way_gives_nothing() {
    use IdJagError as E;
    let none = json!({});
    for (name, header, claims, error) in [
        ("an access token", json!({"typ": "at+jwt"}), none.clone(), E::Type),
        ("an ID token", json!({"typ": "JWT"}), none.clone(), E::Type),
        ("no type", json!({"typ": null}), none.clone(), E::Type),
        ("a client assertion", json!({"typ": "client-authentication+jwt"}), none.clone(), E::Type),
        ("alg none", json!({"alg": "none"}), none.clone(), E::Jwt(JwtError::Algorithm)),
        ("alg HS256", json!({"alg": "HS256"}), none.clone(), E::Jwt(JwtError::Algorithm)),
        ("crit", json!({"crit": ["exp"]}), none.clone(), E::Jwt(JwtError::Malformed)),
        ("nested", json!({"cty": "JWT"}), none.clone(), E::Jwt(JwtError::Malformed)),
        ("an unknown issuer", none.clone(), json!({"iss": "https://evil.example"}), E::UntrustedIssuer),
        ("a slash more", none.clone(), json!({"iss": "https://acme.example/"}), E::UntrustedIssuer),
        ("another case", none.clone(), json!({"iss": "https://ACME.example"}), E::UntrustedIssuer),
        ("no issuer", none.clone(), json!({"iss": null}), E::Jwt(JwtError::Malformed)),
        ("a list of issuers", none.clone(), json!({"iss": [ACME]}), E::Jwt(JwtError::Malformed)),
        ("this server", none.clone(), json!({"iss": "https://host.example"}), E::UntrustedIssuer),
        ("a tenant of an issuer without tenants", none.clone(), json!({"tenant": "eu"}), E::UntrustedTenant),
        (
            "no tenant of an issuer with tenants",
            none.clone(),
            json!({"iss": "https://tenants.example"}),
            E::UntrustedTenant,
        ),
        ("another tenant", none.clone(), json!({"iss": "https://tenants.example", "tenant": "us"}), E::UntrustedTenant),
        ("another audience", none.clone(), json!({"aud": "https://evil.example"}), E::Audience),
        ("two audiences", none.clone(), json!({"aud": ["https://host.example", "https://evil.example"]}), E::Audience),
        (
            "this server twice",
            none.clone(),
            json!({"aud": ["https://host.example", "https://host.example"]}),
            E::Audience,
        ),
        ("the token endpoint", none.clone(), json!({"aud": "https://host.example/token"}), E::Audience),
        ("the resource", none.clone(), json!({"aud": "https://host.example/mcp"}), E::Audience),
        ("an audience with a slash", none.clone(), json!({"aud": "https://host.example/"}), E::Audience),
        ("no audience", none.clone(), json!({"aud": null}), E::Audience),
        ("no audiences", none.clone(), json!({"aud": []}), E::Audience),
        ("an object", none.clone(), json!({"aud": {"a": 1}}), E::Jwt(JwtError::Malformed)),
        ("another client", none.clone(), json!({"client_id": "other"}), E::OtherClient),
        ("no client", none.clone(), json!({"client_id": null}), E::Jwt(JwtError::Malformed)),
        ("two clients", none.clone(), json!({"client_id": ["claude"]}), E::Jwt(JwtError::Malformed)),
        ("nobody", none.clone(), json!({"sub": ""}), E::NoPerson),
        ("no person", none.clone(), json!({"sub": null}), E::Jwt(JwtError::Malformed)),
        ("a number for a person", none.clone(), json!({"sub": 1}), E::Jwt(JwtError::Malformed)),
        ("a long person", none.clone(), json!({"sub": "x".repeat(1025)}), E::NoPerson),
        ("not the claim", none.clone(), json!({"iss": "https://oid.example"}), E::NoPerson),
        ("an empty claim", none.clone(), json!({"iss": "https://oid.example", "oid": ""}), E::NoPerson),
        (
            "a claim without sub",
            none.clone(),
            json!({"iss": "https://oid.example", "oid": "1", "sub": null}),
            E::Jwt(JwtError::Malformed),
        ),
        ("no resource", none.clone(), json!({"resource": null}), E::NoResource),
        ("no resources", none.clone(), json!({"resource": []}), E::NoResource),
        ("too many resources", none.clone(), json!({"resource": vec!["https://a.example"; 17]}), E::NoResource),
        ("no jti", none.clone(), json!({"jti": null}), E::Jwt(JwtError::Malformed)),
        ("an empty jti", none.clone(), json!({"jti": ""}), E::Jwt(JwtError::Malformed)),
        ("a long jti", none.clone(), json!({"jti": "x".repeat(257)}), E::Jwt(JwtError::Malformed)),
        ("no beginning", none.clone(), json!({"iat": null}), E::Jwt(JwtError::Malformed)),
        ("no end", none.clone(), json!({"exp": null}), E::Jwt(JwtError::Malformed)),
        ("over", none.clone(), json!({"iat": N - 300, "exp": N - 30}), E::Jwt(JwtError::Expired)),
        (
            "over a moment ago",
            none.clone(),
            json!({"iat": N - 300, "exp": N - 29, "jti": ""}),
            E::Jwt(JwtError::Malformed),
        ),
        ("from the future", none.clone(), json!({"iat": N + 31, "exp": N + 331}), E::Jwt(JwtError::NotYetValid)),
        ("not before", none.clone(), json!({"nbf": N + 31}), E::Jwt(JwtError::NotYetValid)),
        ("too long", none.clone(), json!({"exp": N + 3601}), E::Jwt(JwtError::TooLong)),
        ("made long ago", none.clone(), json!({"iat": N - 86_400, "exp": N + 60}), E::Jwt(JwtError::TooLong)),
        ("bound to a key", none.clone(), json!({"cnf": {"jkt": "x"}}), E::ProofOfPossession),
        ("details", none.clone(), json!({"authorization_details": []}), E::AuthorizationDetails),
        ("a malformed scope", none.clone(), json!({"scope": "\"x\""}), E::Jwt(JwtError::Malformed)),
        ("a number for a scope", none.clone(), json!({"scope": 1}), E::Jwt(JwtError::Malformed)),
    ] {
        assert_eq!(check(&header, &claims).err(), Some(error), "{name}");
    }
}

#[test]
fn an_assertion_at_the_edges_of_what_is_allowed_is_accepted() {
    for (name, header, claims) in [
        ("one audience in a list", json!({}), json!({"aud": ["https://host.example"]})),
        ("a type with its prefix", json!({"typ": "application/oauth-id-jag+jwt"}), json!({})),
        ("just over", json!({}), json!({"iat": N - 300, "exp": N - 29})),
        ("from a fast clock", json!({}), json!({"iat": N + 30, "exp": N + 330})),
        ("an hour", json!({}), json!({"exp": N + 3600})),
        ("several resources", json!({}), json!({"resource": ["https://a.example", "https://host.example/mcp"]})),
        ("no scope", json!({}), json!({"scope": null})),
        ("scopes in a list", json!({}), json!({"scope": ["notes:read", "profile"]})),
        ("claims of somebody else's", json!({}), json!({"aud_sub": "x", "auth_time": 1, "acr": "2", "x": {"y": [1]}})),
        ("a tenant", json!({}), json!({"iss": "https://tenants.example", "tenant": "eu"})),
        ("another claim", json!({}), json!({"iss": "https://oid.example", "oid": "1"})),
    ] {
        assert_eq!(check(&header, &claims).err(), None, "{name}");
    }
}

#[test]
fn an_issuer_cannot_claim_an_address_of_another_domain() {
    for (email, read) in [
        (json!("jane@acme.example"), Some("jane@acme.example")),
        (json!("ceo@other.example"), None),
        (json!("ceo@acme.example.evil.example"), None),
        (json!("\"@acme.example\"@evil.example"), None),
        (json!(["jane@acme.example"]), None),
    ] {
        let assertion = check(&json!({}), &json!({"email": email, "email_verified": true})).unwrap();
        assert_eq!(assertion.profile.email(), read, "{email}");
    }
}

#[test]
fn two_issuers_with_the_same_sub_and_jti_have_two_people_and_two_assertions() {
    let of = |claims: Value| check(&json!({}), &claims).unwrap();
    let (one, other) = (of(json!({})), of(json!({"iss": "https://oid.example", "oid": "U1"})));
    assert_ne!(one.subject, other.subject);
    assert_ne!(one.id, other.id);
    assert_eq!(one.id, of(json!({})).id);
}

proptest! {
    #[test]
    fn reading_any_text_as_an_assertion_does_not_panic(text in "[A-Za-z0-9_.-]{0,200}", claims in "\\PC{0,100}") {
        let trusted = trusted();
        for text in [text, format!("eyJhbGciOiJFUzI1NiIsInR5cCI6Im9hdXRoLWlkLWphZytqd3QifQ.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))] {
            if let Ok(jwt) = SignedJwt::parse(&text) {
                let _ = IdJag::issuer(&jwt, &trusted);
            }
        }
    }
}
