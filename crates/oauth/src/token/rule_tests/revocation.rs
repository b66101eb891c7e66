//! What the revocation endpoint ends, for whom, and that its response reveals nothing.

use crate::token::rule_tests::*;

#[test]
fn either_token_revokes_the_grant_for_its_client_only() {
    for name in ["refresh_token", "access_token"] {
        let server = Server::new();
        let tokens = server.signed_in();
        let token = tokens.text(name);
        assert!(server.revoke(None, &format!("client_id=other&token={token}")).unwrap().is_empty(), "{name}");
        let next = server.refresh(&tokens.text("refresh_token"), "").unwrap();
        let hint = format!("client_id=app&token={token}&token_type_hint=whatever");
        assert_eq!(server.revoke(None, &hint).unwrap(), [tokens.grant.unwrap()], "{name}");
        for dead in [&tokens, &next] {
            assert_eq!(server.refresh(&dead.text("refresh_token"), "").unwrap_err().code(), "invalid_grant");
        }
        assert_eq!(server.revoke(None, &hint).unwrap().len(), 1, "a second time is a success too");
    }
}

#[test]
fn revoking_an_unknown_token_succeeds() {
    let server = Server::new();
    for token in ["x", "mr1", "mr1AAAA", "a.b.c", "%00"] {
        assert!(server.revoke(None, &format!("client_id=app&token={token}")).unwrap().is_empty(), "{token}");
    }
}

#[test]
fn a_token_without_a_grant_is_not_revoked_and_its_client_is_told() {
    let server = Server::new();
    let robot = basic("robot", "s3cret");
    let own = server.post_with(Some(&robot), Some(FORM), "grant_type=client_credentials").unwrap();
    let body = format!("token={}", own.text("access_token"));
    let error = server.revoke(Some(&robot), &body).unwrap_err();
    assert_eq!((error.status(), error.code()), (400, "unsupported_token_type"), "a 200 would say that it has ended");
    let by_another = server.revoke(None, &format!("client_id=app&{body}"));
    assert!(by_another.unwrap().is_empty(), "nobody else learns what it is");
    server.now.set(START.plus(2 * 3600));
    assert!(server.revoke(Some(&robot), &body).unwrap().is_empty(), "it has ended");
}

#[test]
fn a_revocation_request_needs_client_authentication_and_a_token() {
    let server = Server::new();
    for (body, status, code) in [
        ("token=x", 401, "invalid_client"),
        ("client_id=nobody&token=x", 401, "invalid_client"),
        ("client_id=web&token=x", 401, "invalid_client"),
        ("client_id=app", 400, "invalid_request"),
        ("client_id=app&token=x&token=y", 400, "invalid_request"),
    ] {
        let error = server.revoke(None, body).unwrap_err();
        assert_eq!((error.status(), error.code()), (status, code), "{body}");
    }
}

#[test]
fn an_access_key_is_not_revoked_by_a_client() {
    let server = Server::new();
    let key = format!("mck_{}", "0".repeat(94));
    let error = server.revoke(None, &format!("client_id=app&token={key}&token_type_hint=access_token")).unwrap_err();
    assert_eq!((error.status(), error.code()), (400, "unsupported_token_type"), "a 200 would say that it has ended");
    let error = server.revoke(None, &format!("client_id={key}&token={key}")).unwrap_err();
    assert_eq!(error.code(), "invalid_client", "and it is no client");
}
