//! Assertions of identity providers at the token endpoint (ID-JAG): each attack is a row.

use crate::external_issuer::signed_jwt::JwtError;
use crate::external_issuer::token::subject_of;
use crate::token::rule_tests::*;
use crate::web::discovery::ExternalIssuer;

const N: u64 = 1_800_000_000;
const MCP: &str = "https://host.example/mcp";
const PRIVATE: &str = "https://host.example/private/mcp";

fn trusting(changes: &Value) -> Server {
    let acme = changed(json!({"issuer": ACME, "clients": ["web", "signer"], "public_clients": ["app"]}), changes);
    let list = json!([acme, {"issuer": OTHER, "clients": ["web"]}]).to_string();
    let server = Server::new();
    server.trusted.replace(Box::leak(Box::new(TrustedIssuers::parse(&list).unwrap())));
    let policy = server.policy.borrow().clone().with(*server.trusted.borrow());
    server.policy.replace(policy);
    server
}

fn by(key: u8, header: &Value, claims: &Value) -> String {
    let header = changed(json!({"alg": "EdDSA", "kid": "1", "typ": "oauth-id-jag+jwt"}), header);
    let usual = json!({"iss": ACME, "sub": "U1", "aud": "https://host.example", "client_id": "web", "jti": "1", "iat": N,
        "exp": N + 300, "resource": MCP, "scope": "notes:read profile", "name": "Jane"});
    signed(key, &header, &changed(usual, claims))
}

fn good(claims: &Value) -> String {
    by(ACME_KEY, &json!({}), claims)
}

fn body(assertion: &str, more: &str) -> String {
    format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}{more}")
}

fn exchange(server: &Server, assertion: &str, more: &str) -> Result<Tokens, TokenError> {
    server.post_with(Some(&basic("web", "s3cret")), Some(FORM), &body(assertion, more))
}

#[test]
fn an_assertion_is_exchanged_for_an_access_token_without_a_refresh_token() {
    let server = trusting(&json!({}));
    let tokens = exchange(&server, &good(&json!({})), "").unwrap();
    assert_eq!(tokens.body["token_type"], "Bearer");
    assert_eq!(tokens.body["expires_in"], 3600);
    assert_eq!(tokens.body["scope"], "notes:read profile");
    assert_eq!(tokens.body.as_object().unwrap().len(), 4, "{}", tokens.body);
    let token = server.caller(&tokens.text("access_token"));
    let caller = token.caller();
    let jane = subject_of(&ExternalIssuer::parse(ACME).unwrap(), "U1").unwrap();
    assert_eq!((&caller.subject, caller.client_id.as_str()), (&jane, "web"));
    assert_eq!((caller.display_name.as_deref(), caller.grant), (Some("Jane"), tokens.grant));
    assert_eq!(*server.objects.borrow(), [ObjectName::of(&jane)], "one question to one object");
}

#[test]
fn without_trusted_issuers_there_is_no_such_grant_type() {
    let answer = exchange(&Server::new(), &good(&json!({})), "");
    assert_eq!(answer.unwrap_err().code(), "unsupported_grant_type");
}

#[test]
fn an_assertion_that_is_not_genuine_gives_nothing_and_writes_nothing() {
    use IdJagError as E;
    let none = json!({});
    let other = json!({"iss": OTHER});
    for (name, text, error) in [
        ("the key of another issuer", by(OTHER_KEY, &none, &none), E::Signature),
        ("another issuer with this key", by(ACME_KEY, &none, &other), E::Signature),
        ("the key of the client", by(CLIENT_KEY, &json!({"kid": "client"}), &none), E::UnknownKey),
        ("an unknown key", by(ACME_KEY, &json!({"kid": "2"}), &none), E::UnknownKey),
        (
            "an address of a key",
            by(OTHER_KEY, &json!({"jku": "https://evil.example/jwks", "x5u": "https://evil.example"}), &none),
            E::Signature,
        ),
        (
            "a key in the header",
            by(OTHER_KEY, &json!({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AA"}}), &none),
            E::Signature,
        ),
        ("a path for a key", by(ACME_KEY, &json!({"kid": "../../1"}), &none), E::UnknownKey),
        ("a statement for a key", by(ACME_KEY, &json!({"kid": "1' OR '1'='1"}), &none), E::UnknownKey),
        ("none", by(ACME_KEY, &json!({"alg": "none"}), &none), E::Jwt(JwtError::Algorithm)),
        ("HS256 with the public key", by(ACME_KEY, &json!({"alg": "HS256"}), &none), E::Jwt(JwtError::Algorithm)),
        ("another algorithm for the key", by(ACME_KEY, &json!({"alg": "ES256"}), &none), E::UnknownKey),
        ("crit", by(ACME_KEY, &json!({"crit": ["x"]}), &none), E::Jwt(JwtError::Malformed)),
        ("an ID token", by(ACME_KEY, &json!({"typ": "JWT"}), &none), E::Type),
        ("an access token", by(ACME_KEY, &json!({"typ": "at+jwt"}), &none), E::Type),
        ("an unknown issuer", good(&json!({"iss": "https://evil.example"})), E::UntrustedIssuer),
        ("this server", good(&json!({"iss": "https://host.example"})), E::UntrustedIssuer),
        ("another audience", good(&json!({"aud": "https://evil.example"})), E::Audience),
        ("more audiences", good(&json!({"aud": ["https://host.example", "https://evil.example"]})), E::Audience),
        ("of another client", good(&json!({"client_id": "signer"})), E::OtherClient),
        ("expired", good(&json!({"iat": N - 300, "exp": N - 30})), E::Jwt(JwtError::Expired)),
        ("a day", good(&json!({"exp": N + 86_400})), E::Jwt(JwtError::TooLong)),
        ("no resource", good(&json!({"resource": null})), E::NoResource),
        ("not a JWT", "opaque".to_owned(), E::Jwt(JwtError::Malformed)),
    ] {
        let server = trusting(&json!({}));
        let refused = exchange(&server, &text, "").unwrap_err();
        assert_eq!(refused, TokenError::Assertion(error), "{name}");
        assert_eq!((refused.code(), refused.status()), ("invalid_grant", 400), "{name}");
        assert_eq!(server.asked.get(), 0, "{name}");
    }
    let (head, rest) = good(&json!({})).split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let claims = good(&json!({"sub": "U2"})).split('.').nth(1).unwrap().to_owned();
    let forged = format!("{head}.{claims}.{}", rest.split('.').nth(1).unwrap());
    assert_eq!(exchange(&trusting(&json!({})), &forged, "").unwrap_err(), TokenError::Assertion(E::Signature));
}

#[test]
fn an_assertion_is_used_exactly_once_also_by_another_request() {
    let server = trusting(&json!({}));
    let assertion = good(&json!({}));
    assert!(exchange(&server, &assertion, "").is_ok());
    for more in ["", "&scope=profile", "&resource=https://host.example/mcp"] {
        let refused = exchange(&server, &assertion, more).unwrap_err();
        assert_eq!(refused, TokenError::Assertion(IdJagError::Used), "{more}");
    }
    assert!(exchange(&server, &good(&json!({"jti": "2"})), "").is_ok());
}

#[test]
fn a_stolen_assertion_is_of_no_use_to_another_client() {
    let server = trusting(&json!({}));
    let stolen = good(&json!({}));
    for (name, answer, code) in [
        ("no client", server.post(&body(&stolen, "")), "invalid_client"),
        ("only its name", server.post(&body(&stolen, "&client_id=web")), "invalid_client"),
        ("a wrong secret", server.post(&body(&stolen, "&client_id=web&client_secret=x")), "invalid_client"),
        ("a public client", server.post(&body(&stolen, "&client_id=app")), "invalid_grant"),
        ("another public client", server.post(&body(&stolen, "&client_id=other")), "unauthorized_client"),
        (
            "another confidential client",
            server.post_with(Some(&basic("robot", "s3cret")), Some(FORM), &body(&stolen, "")),
            "unauthorized_client",
        ),
        ("an unknown client", server.post(&body(&stolen, "&client_id=nobody")), "invalid_client"),
    ] {
        assert_eq!(answer.unwrap_err().code(), code, "{name}");
    }
    assert!(exchange(&server, &stolen, "").is_ok(), "and nobody has used it up");
}

#[test]
fn a_client_authenticates_unless_the_issuer_admits_it_without() {
    let document = "https://signer.example/c";
    let server = trusting(
        &json!({"clients": ["web", "https://public.example/c"], "public_clients": ["app", "https://plain.example/c", document]}),
    );
    let ask = |client: &str, jti: &str| {
        let assertion = good(&json!({"client_id": client, "jti": jti}));
        server.post(&body(&assertion, &format!("&client_id={client}")))
    };
    assert!(ask("app", "1").is_ok(), "the owner has said so");
    assert!(ask("https://plain.example/c", "2").is_ok());
    let refused = |answer: Result<Tokens, TokenError>| answer.unwrap_err().code();
    assert_eq!(
        refused(ask("https://public.example/c", "3")),
        "unauthorized_client",
        "it must authenticate, and cannot"
    );
    assert_eq!(ask(document, "4").unwrap_err(), TokenError::NO_CLIENT_ASSERTION, "its own document says that it signs");
}

#[test]
fn a_client_authenticates_by_a_signature_which_is_used_once_like_the_assertion() {
    let server = trusting(&json!({}));
    let of_type = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    let ask = |jti: &str, proof: &str| {
        let proof = json!({"iss": "signer", "sub": "signer", "aud": "https://host.example", "iat": N, "exp": N + 60, "jti": proof});
        let proof = signed(CLIENT_KEY, &json!({"alg": "EdDSA", "kid": "client"}), &proof);
        let assertion = good(&json!({"client_id": "signer", "jti": jti}));
        server.post(&body(&assertion, &format!("&client_assertion_type={of_type}&client_assertion={proof}")))
    };
    assert!(ask("1", "a").is_ok());
    assert_eq!(ask("2", "a").unwrap_err().code(), "invalid_client");
    assert_eq!(ask("1", "b").unwrap_err(), TokenError::Assertion(IdJagError::Used));
    assert!(ask("2", "c").is_ok());
}

#[test]
fn the_resource_is_one_of_this_server_that_the_assertion_names() {
    for (name, claim, more, want) in [
        ("the only one", json!(MCP), "", Ok(MCP)),
        ("in a list", json!(["https://elsewhere.example/mcp", PRIVATE]), "", Ok(PRIVATE)),
        ("asked for", json!([MCP, PRIVATE]), "&resource=https://host.example/private/mcp", Ok(PRIVATE)),
        ("in another spelling", json!("HTTPS://host.example:443/mcp/"), "", Ok(MCP)),
        ("not asked for", json!([MCP, PRIVATE]), "", Err("invalid_target")),
        ("elsewhere", json!("https://elsewhere.example/mcp"), "", Err("invalid_target")),
        ("the origin", json!("https://host.example"), "", Err("invalid_target")),
        ("not named", json!(MCP), "&resource=https://host.example/private/mcp", Err("invalid_target")),
        ("asked for elsewhere", json!(MCP), "&resource=https://elsewhere.example/mcp", Err("invalid_target")),
        ("not a URL", json!("mcp"), "", Err("invalid_target")),
    ] {
        let server = trusting(&json!({}));
        let answer = exchange(&server, &good(&json!({"resource": claim})), more);
        match (answer, want) {
            (Ok(tokens), Ok(resource)) => {
                let claims =
                    tokens.text("access_token").split('.').nth(1).map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
                let claims: Value = serde_json::from_slice(&claims.unwrap()).unwrap();
                assert_eq!(claims["aud"], resource, "{name}");
            }
            (Err(error), Err(code)) => {
                assert_eq!(error.code(), code, "{name}");
                assert_eq!(server.asked.get(), 0, "{name}: the assertion is not used up");
            }
            (answer, _) => panic!("{name}: {:?}", answer.map(|tokens| tokens.body)),
        }
    }
}

#[test]
fn the_scopes_are_those_that_request_assertion_and_issuer_have_in_common() {
    for (name, limits, claim, more, want) in [
        ("of the assertion", json!({}), json!("notes:read notes:write"), "", Ok("notes:read notes:write")),
        ("unknown ones", json!({}), json!("notes:read openid chat.read"), "", Ok("notes:read")),
        ("fewer", json!({}), json!("notes:read notes:write"), "&scope=notes:write", Ok("notes:write")),
        ("more", json!({}), json!("notes:read"), "&scope=notes:read+notes:write", Ok("notes:read")),
        ("others", json!({}), json!("notes:read"), "&scope=notes:write", Err("invalid_scope")),
        ("none known", json!({}), json!("chat.read"), "", Err("invalid_scope")),
        ("the default", json!({}), json!(null), "", Ok("profile")),
        ("asked for", json!({}), json!(null), "&scope=notes:read", Ok("notes:read")),
        ("limited", json!({"scopes": "notes:read"}), json!("notes:read notes:write"), "", Ok("notes:read")),
        ("limited to nothing", json!({"scopes": "notes:read"}), json!("notes:write"), "", Err("invalid_scope")),
        (
            "limited, asked for",
            json!({"scopes": "notes:read"}),
            json!(null),
            "&scope=notes:write",
            Err("invalid_scope"),
        ),
        ("malformed", json!({}), json!("notes:read"), "&scope=%22", Err("invalid_scope")),
    ] {
        let answer = exchange(&trusting(&limits), &good(&json!({"scope": claim})), more);
        let got = answer.as_ref().map(|tokens| tokens.text("scope")).map_err(|error| error.code());
        assert_eq!(got.as_deref().map_err(|code| *code), want, "{name}");
    }
}

#[test]
fn the_roles_of_a_person_limit_what_an_assertion_gives() {
    let server = trusting(&json!({}));
    server
        .roles
        .replace(RolePolicy { roles: Roles::parse("writer = notes:write if group:editors").unwrap(), issuer: None });
    let ask = |jti: &str, groups: Value| {
        let assertion = good(&json!({"jti": jti, "scope": "notes:write", "groups": groups}));
        exchange(&server, &assertion, "").map(|tokens| tokens.text("scope")).map_err(TokenError::code)
    };
    assert_eq!(ask("1", json!(["sales"])), Err("invalid_scope"));
    assert_eq!(ask("2", json!(["editors"])).as_deref(), Ok("notes:write"));
}

#[test]
fn an_outage_is_never_a_refusal() {
    let server = trusting(&json!({}));
    let assertion = good(&json!({}));
    for (name, change, back) in [
        (
            "the issuer",
            Box::new(|server: &Server| server.keys_are_down.set(true)) as Box<dyn Fn(&Server)>,
            Box::new(|server: &Server| server.keys_are_down.set(false)) as Box<dyn Fn(&Server)>,
        ),
        (
            "the directory",
            Box::new(|server: &Server| server.directory_is_down.set(true)),
            Box::new(|server: &Server| server.directory_is_down.set(false)),
        ),
        (
            "the objects",
            Box::new(|server: &Server| server.storage_is_down.set(true)),
            Box::new(|server: &Server| server.storage_is_down.set(false)),
        ),
    ] {
        change(&server);
        let error = exchange(&server, &assertion, "").unwrap_err();
        assert_eq!((error.status(), error.code()), (503, "temporarily_unavailable"), "{name}");
        assert!(error.retry_after().is_some(), "{name}");
        back(&server);
    }
    assert!(exchange(&server, &assertion, "").is_ok(), "the assertion is as good as before");
}

#[test]
fn a_client_that_the_owner_has_ended_gets_no_token_for_an_assertion() {
    let server = trusting(&json!({}));
    *server.ended.borrow_mut() = Some(ClientId::new("web").unwrap());
    assert_eq!(exchange(&server, &good(&json!({})), "").unwrap_err(), TokenError::Assertion(IdJagError::Ended));
}

#[test]
fn the_token_of_an_assertion_is_revoked_by_its_client() {
    let server = trusting(&json!({}));
    let tokens = exchange(&server, &good(&json!({})), "").unwrap();
    let body = format!("token={}", tokens.text("access_token"));
    assert_eq!(server.revoke(Some(&basic("robot", "s3cret")), &body).unwrap(), [], "not by another");
    assert_eq!(server.revoke(Some(&basic("web", "s3cret")), &body).unwrap(), [tokens.grant.unwrap()]);
}

#[test]
fn an_assertion_is_a_required_parameter_and_may_not_be_repeated() {
    let server = trusting(&json!({}));
    let none = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
    for body in [none.to_owned(), format!("{none}&assertion=x&assertion=y")] {
        let answer = server.post_with(Some(&basic("web", "s3cret")), Some(FORM), &body);
        assert_eq!(answer.unwrap_err().code(), "invalid_request", "{body}");
    }
}
