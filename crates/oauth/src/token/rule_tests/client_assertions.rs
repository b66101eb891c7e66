//! Clients that authenticate with their private key (RFC 7523 §2.2): each attack is a row.

use crate::external_issuer::signed_jwt::JwtError;
use crate::token::rule_tests::*;

const N: u64 = 1_800_000_000;
const DOCUMENT: &str = "https://signer.example/c";

fn assertion(client: &str, jti: &str) -> String {
    by(CLIENT_KEY, &json!({}), &json!({"iss": client, "sub": client, "jti": jti}))
}

fn by(key: u8, header: &Value, claims: &Value) -> String {
    let header = changed(json!({"alg": "EdDSA", "kid": "client"}), header);
    let usual =
        json!({"iss": "signer", "sub": "signer", "aud": "https://host.example", "iat": N, "exp": N + 60, "jti": "1"});
    signed(key, &header, &changed(usual, claims))
}

fn with(assertion: &str) -> String {
    let of_type = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    format!("&client_assertion_type={of_type}&client_assertion={assertion}")
}

fn services(server: &Server, assertion: &str) -> Result<Tokens, TokenError> {
    server.post(&format!("grant_type=client_credentials{}", with(assertion)))
}

fn redeem(server: &Server, client: &str, code: &str, more: &str) -> Result<Tokens, TokenError> {
    server.post(&format!("grant_type=authorization_code&client_id={client}&code={code}&code_verifier={VERIFIER}{more}"))
}

fn refused(answer: Result<Tokens, TokenError>) -> ClientAssertionError {
    match answer {
        Err(TokenError::Client(ClientAuthenticationError::Assertion(error))) => error,
        other => panic!("{:?}", other.map(|tokens| tokens.body)),
    }
}

#[test]
fn a_configured_client_authenticates_with_its_private_key() {
    let server = Server::new();
    let tokens = services(&server, &assertion("signer", "1")).unwrap();
    assert_eq!(tokens.text("scope"), "notes:read");
    assert!(tokens.body.get("refresh_token").is_none());
}

#[test]
fn an_assertion_is_used_once() {
    let server = Server::new();
    let first = assertion("signer", "1");
    assert!(services(&server, &first).is_ok());
    assert_eq!(refused(services(&server, &first)), ClientAssertionError::Used);
    assert!(services(&server, &assertion("signer", "2")).is_ok());
    assert_eq!(
        refused(services(&server, &assertion("signer", "2"))),
        ClientAssertionError::Used,
        "another with its jti"
    );
}

#[test]
fn a_forged_assertion_or_one_for_another_server_authenticates_nobody_and_is_not_written_down() {
    use ClientAssertionError as E;
    let hmac = |claims: &Value| {
        // The public key as a shared secret, with an algorithm that nobody accepts.
        by(CLIENT_KEY, &json!({"alg": "HS256"}), claims)
    };
    for (name, text, error) in [
        ("another key of the same name", by(OTHER_KEY, &json!({}), &json!({})), E::Signature),
        ("the key of an issuer", by(ACME_KEY, &json!({"kid": "1"}), &json!({})), E::UnknownKey),
        ("an unknown key", by(CLIENT_KEY, &json!({"kid": "x"}), &json!({})), E::UnknownKey),
        ("another algorithm", by(CLIENT_KEY, &json!({"alg": "RS256"}), &json!({})), E::Jwt(JwtError::Algorithm)),
        ("HS256", hmac(&json!({})), E::Jwt(JwtError::Algorithm)),
        ("none", by(CLIENT_KEY, &json!({"alg": "none"}), &json!({})), E::Jwt(JwtError::Algorithm)),
        ("crit", by(CLIENT_KEY, &json!({"crit": ["exp"]}), &json!({})), E::Jwt(JwtError::Malformed)),
        (
            "an embedded key",
            by(OTHER_KEY, &json!({"jwk": {"kty": "OKP"}, "jku": "https://evil.example"}), &json!({})),
            E::Signature,
        ),
        (
            "the claims of another",
            by(CLIENT_KEY, &json!({}), &json!({"iss": "other", "sub": "signer"})),
            E::OtherClient,
        ),
        ("another server", by(CLIENT_KEY, &json!({}), &json!({"aud": "https://evil.example"})), E::Audience),
        ("over", by(CLIENT_KEY, &json!({}), &json!({"iat": N - 90, "exp": N - 30})), E::Jwt(JwtError::Expired)),
        ("an hour", by(CLIENT_KEY, &json!({}), &json!({"exp": N + 3600})), E::Jwt(JwtError::TooLong)),
        ("no jti", by(CLIENT_KEY, &json!({}), &json!({"jti": null})), E::Jwt(JwtError::Malformed)),
    ] {
        let server = Server::new();
        assert_eq!(refused(services(&server, &text)), error, "{name}");
        assert_eq!(server.asked.get(), 0, "{name}: nothing is stored");
    }
}

#[test]
fn a_client_that_signs_cannot_send_a_secret_or_nothing_instead() {
    let server = Server::new();
    let header = basic("signer", "s3cret");
    for answer in [
        server.post("grant_type=client_credentials&client_id=signer"),
        server.post("grant_type=client_credentials&client_id=signer&client_secret=s3cret"),
        server.post_with(Some(&header), Some(FORM), "grant_type=client_credentials"),
    ] {
        assert_eq!(answer.unwrap_err(), TokenError::Client(ClientAuthenticationError::NoAssertion));
    }
    let both = server.post_with(
        Some(&header),
        Some(FORM),
        &format!("grant_type=client_credentials{}", with(&assertion("signer", "1"))),
    );
    assert_eq!(both.unwrap_err(), TokenError::Client(ClientAuthenticationError::SeveralMethods));
    let secret = services(&server, &by(CLIENT_KEY, &json!({}), &json!({"iss": "robot", "sub": "robot"})));
    assert_eq!(refused(secret), ClientAssertionError::NoKeys, "a client with a secret has no keys");
}

#[test]
fn a_code_of_a_client_that_signs_is_redeemed_and_refreshed_with_its_signature_only() {
    let server = Server::new();
    server.code_proof.set(ClientProof::PrivateKeyJwt);
    let code = server.code_for(DOCUMENT);
    assert_eq!(redeem(&server, DOCUMENT, &code, "").unwrap_err(), TokenError::NO_CLIENT_ASSERTION, "no downgrade");
    let tokens = redeem(&server, DOCUMENT, &code, &with(&assertion(DOCUMENT, "1"))).unwrap();
    let refresh = |token: &str, more: &str| {
        server.post(&format!("grant_type=refresh_token&client_id={DOCUMENT}&refresh_token={token}{more}"))
    };
    let token = tokens.text("refresh_token");
    assert_eq!(refresh(&token, "").unwrap_err(), TokenError::NO_CLIENT_ASSERTION, "no downgrade");
    assert_eq!(refused(refresh(&token, &with(&assertion(DOCUMENT, "1")))), ClientAssertionError::Used);
    let tokens = refresh(&token, &with(&assertion(DOCUMENT, "2"))).unwrap();
    let token = tokens.text("refresh_token");
    for name in ["refresh_token", "access_token"] {
        let body = format!("client_id={DOCUMENT}&token={}", tokens.text(name));
        assert_eq!(server.revoke(None, &body).unwrap(), [], "{name}: nobody else ends it");
    }
    let body = format!("client_id={DOCUMENT}&token={token}{}", with(&assertion(DOCUMENT, "3")));
    assert_eq!(server.revoke(None, &body).unwrap(), [tokens.grant.unwrap()]);
}

#[test]
fn a_client_that_may_use_either_keeps_to_what_it_has_begun_with() {
    let either = "https://either.example/c";
    let server = Server::new();
    let tokens = redeem(&server, either, &server.code_for(either), "").unwrap();
    let refresh = |token: &str, more: &str| {
        server.post(&format!("grant_type=refresh_token&client_id={either}&refresh_token={token}{more}"))
    };
    assert!(refresh(&tokens.text("refresh_token"), "").is_ok(), "without a signature, as before");
    let tokens = redeem(&server, either, &server.code_for(either), &with(&assertion(either, "1"))).unwrap();
    assert_eq!(refresh(&tokens.text("refresh_token"), "").unwrap_err(), TokenError::NO_CLIENT_ASSERTION);
    assert!(refresh(&tokens.text("refresh_token"), &with(&assertion(either, "2"))).is_ok());
}

#[test]
fn an_assertion_is_not_used_up_by_a_request_that_cannot_succeed() {
    let server = Server::new();
    let code = server.code_for(DOCUMENT);
    let proof = with(&assertion(DOCUMENT, "1"));
    assert_eq!(redeem(&server, DOCUMENT, "mc1forged", &proof).unwrap_err().code(), "invalid_grant");
    assert_eq!(server.asked.get(), 0, "a stranger with keys of their own causes no write");
    assert!(redeem(&server, DOCUMENT, &code, &proof).is_ok());
}

#[test]
fn keys_that_are_out_of_reach_are_an_outage_and_never_a_wrong_client() {
    let server = Server::new();
    server.keys_are_down.set(true);
    for answer in
        [services(&server, &assertion("signer", "1")), redeem(&server, DOCUMENT, "x", &with(&assertion(DOCUMENT, "1")))]
    {
        let error = answer.unwrap_err();
        assert_eq!((error.status(), error.code()), (503, "temporarily_unavailable"));
        assert!(error.retry_after().is_some());
    }
    server.keys_are_down.set(false);
    assert!(services(&server, &assertion("signer", "1")).is_ok());
    server.fetches_are_limited.set(true);
    let limited = redeem(&server, DOCUMENT, "x", &with(&assertion(DOCUMENT, "1"))).unwrap_err();
    assert_eq!((limited.status(), limited.code(), limited.retry_after()), (503, "temporarily_unavailable", Some(60)));
    assert_eq!(limited.reason(), "temporarily_unavailable: too many fetches of client documents");
    server.fetches_are_limited.set(false);
    let gone = "https://gone.example/c";
    let answer = redeem(&server, gone, "x", &with(&assertion(gone, "1")));
    assert_eq!(answer.unwrap_err().code(), "invalid_client", "its document was withdrawn");
}
