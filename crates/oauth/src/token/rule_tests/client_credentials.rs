//! Tokens of clients that act for themselves (RFC 6749 §4.4).

use crate::token::rule_tests::*;

#[test]
fn a_revoked_client_gets_no_token_by_client_credentials() {
    let server = Server::new();
    let ask = || server.post_with(Some(&basic("robot", "s3cret")), Some(FORM), "grant_type=client_credentials");
    assert!(ask().is_ok());
    *server.ended.borrow_mut() = Some(ClientId::new("robot").unwrap());
    assert_eq!(ask().unwrap_err().code(), "unauthorized_client");
}

#[test]
fn a_preregistered_client_gets_a_token_by_client_credentials() {
    let server = Server::new();
    let header = basic("robot", "s3cret");
    for (more, want) in [
        ("", Ok("notes:read notes:write")),
        ("&scope=notes:read", Ok("notes:read")),
        ("&scope=notes:read+profile", Ok("notes:read")),
        ("&scope=profile", Err("invalid_scope")),
        ("&resource=https://other.example/mcp", Err("invalid_target")),
    ] {
        let answer = server.post_with(Some(&header), Some(FORM), &format!("grant_type=client_credentials{more}"));
        let got = answer.as_ref().map(|tokens| tokens.text("scope")).map_err(|error| error.code());
        assert_eq!(got.as_deref().map_err(|code| *code), want, "{more}");
        if let Ok(tokens) = answer {
            assert!(tokens.body.get("refresh_token").is_none(), "RFC 6749 §4.4.3");
            let token = server.caller(&tokens.text("access_token"));
            assert_eq!(token.caller().subject.as_str(), "client:robot", "not a person's name");
            assert_eq!(token.caller().grant, None);
        }
    }
    let private = server.post_with(
        Some(&header),
        Some(FORM),
        "grant_type=client_credentials&resource=https://host.example/private/mcp",
    );
    assert!(private.is_ok());
    assert_eq!(server.asked.get(), 0);
}

#[test]
fn no_other_client_gets_a_token_by_client_credentials() {
    let server = Server::new();
    let public = server.post("grant_type=client_credentials&client_id=app").unwrap_err();
    let without_scopes =
        server.post_with(Some(&basic("web", "s3cret")), Some(FORM), "grant_type=client_credentials").unwrap_err();
    assert_eq!([public.code(), without_scopes.code()], ["unauthorized_client"; 2]);
}
