//! The responses and errors of the token endpoint.

use crate::resource::access_token::AccessTokenError;
use crate::resource::protected_resource::Resource;
use crate::token::rule_tests::*;
use crate::web::origin::Origin;

#[test]
fn an_authorization_code_is_redeemed_for_an_access_and_a_refresh_token() {
    let server = Server::new();
    let tokens = server.signed_in();
    assert_eq!(tokens.body["token_type"], "Bearer");
    assert_eq!(tokens.body["expires_in"], 3600);
    assert_eq!(tokens.body["scope"], "notes:read profile");
    assert_eq!(tokens.body.as_object().unwrap().len(), 5, "{}", tokens.body);
    let token = server.caller(&tokens.text("access_token"));
    let caller = token.caller();
    assert_eq!((caller.subject.as_str(), caller.client_id.as_str()), ("owner", "app"));
    assert_eq!(caller.display_name.as_deref(), Some("Owner"));
    assert_eq!((caller.grant, caller.scopes.as_str()), (tokens.grant, "notes:read profile"));
}

#[test]
fn a_response_names_no_scopes_where_none_were_asked_for() {
    let server = Server::new();
    let first = server.redeem(&server.code_with("app", "")).unwrap();
    let next = server.refresh(&first.text("refresh_token"), "").unwrap();
    for tokens in [first, next] {
        assert_eq!(tokens.body.get("scope"), None, "RFC 6749 §A.4: a list of scopes has at least one");
    }
}

/// All steps without a network: query, consent, person, code, tokens, call.
#[test]
fn an_access_token_has_the_scopes_that_were_requested_and_allowed() {
    let server = Server::new();
    let policy = RedirectPolicy::default();
    let client = Client {
        id: ClientId::new("app").unwrap(),
        kind: ClientKind::Registered,
        name: ClientName::clean("App"),
        redirect_uris: vec![RedirectUri::parse("http://127.0.0.1/cb", &policy).unwrap()],
        secrets: Vec::new(),
        keys: None,
        own_scopes: ScopeSet::empty(),
    };
    let scopes = catalogue();
    let challenge = CodeVerifier::parse(VERIFIER).unwrap().challenge();
    let query = format!(
        "response_type=code&client_id=app&redirect_uri=http://127.0.0.1:4321/cb&state=s&scope=profile+notes:read+notes:write\
         &code_challenge={challenge}&code_challenge_method=S256&resource=https://host.example/private/mcp"
    );
    let allowed = || {
        let request = AuthorizationQuery::parse(&query)
            .unwrap()
            .for_client(&client, &policy)
            .unwrap()
            .check(Audiences::new(&server.resources, &scopes), &server.random)
            .unwrap_or_else(|refusal| panic!("{:?}", refusal.error()));
        let ticked = Parameters::parse(b"decision=allow&scope=profile&scope=notes:read").unwrap();
        match Decision::read(&ticked, &request).unwrap() {
            Decision::Allow(consented) => consented,
            Decision::Deny(_) => panic!("denied"),
        }
    };
    let consented = allowed();
    let person = Person {
        subject: Subject::new("owner").unwrap(),
        display_name: Some("Zoë".into()),
        admission: Admission::Version(VERSION),
        identity: None,
    };
    let code = done(issue_code(&consented, &person, None, &server, &server.keys, START)).unwrap();
    let again = done(issue_code(&consented, &person, None, &server, &server.keys, START));
    assert_eq!(again, Ok(code.clone()), "a second click does not make another");
    assert_eq!(
        server.redeem(&format!("{code}&resource=https://host.example/mcp")).unwrap_err().code(),
        "invalid_target"
    );
    let tokens = server
        .redeem(&format!("{code}&redirect_uri=http://127.0.0.1:4321/cb&resource=https://host.example/private/mcp"))
        .unwrap();
    assert_eq!(tokens.text("scope"), "notes:read profile");
    let bearer =
        BearerToken::from_authorization([format!("bearer {}", tokens.text("access_token")).as_str()]).unwrap().unwrap();
    let at = |resource| ExpectedClaims { issuer: &server.issuer, resource, credential_versions: &[VERSION] };
    let token = verify(&bearer, &server.signing, &at(server.resources.private_mcp()), START).unwrap();
    assert_eq!((token.caller().subject.as_str(), token.caller().display_name.as_deref()), ("owner", Some("Zoë")));
    assert!(verify(&bearer, &server.signing, &at(server.resources.mcp()), START).is_err(), "an audience of its own");
    let late = done(issue_code(&consented, &person, None, &server, &server.keys, START));
    assert_eq!(late, Err(IssueCodeError::Finished), "its code is spent, and there is no other");
    // Every answer got lost: the codes of other pages pile up to a limit.
    let full = (0..40).map(|_| done(issue_code(&allowed(), &person, None, &server, &server.keys, START)));
    assert_eq!(full.last().unwrap(), Err(IssueCodeError::TooMany));
}

#[test]
fn a_code_of_a_revoked_client_is_refused_and_not_used_up_during_an_outage() {
    let server = Server::new();
    let code = server.code_for("app");
    *server.ended.borrow_mut() = Some(ClientId::new("app").unwrap());
    let error = server.redeem(&code).unwrap_err();
    assert_eq!((error.code(), error.reason().as_str()), ("invalid_grant", "invalid_grant: code client_ended"));
    server.directory_is_down.set(true);
    assert_eq!(server.redeem(&code).unwrap_err(), TokenError::Outage(Outage::Storage));
    server.directory_is_down.set(false);
    *server.ended.borrow_mut() = None;
    assert!(server.redeem(&code).is_ok());
}

#[test]
fn a_refresh_gives_both_tokens_again() {
    let server = Server::new();
    let first = server.signed_in();
    let second = server.refresh(&first.text("refresh_token"), "").unwrap();
    assert_ne!(second.text("refresh_token"), first.text("refresh_token"));
    assert_eq!(second.grant, first.grant);
    assert_eq!(server.caller(&second.text("access_token")).caller().grant, first.grant);
    let again = server.refresh(&first.text("refresh_token"), "").unwrap();
    assert_eq!(again.text("refresh_token"), second.text("refresh_token"), "the same successor");
    assert_ne!(again.text("access_token"), second.text("access_token"), "an access token of its own");
}

#[test]
fn a_refresh_may_request_fewer_scopes_and_its_response_lists_the_granted_ones() {
    let server = Server::new();
    let token = server.signed_in().text("refresh_token");
    for (more, want) in [
        ("&scope=profile", Ok("profile")),
        ("&scope=profile+notes%3Aread+offline_access", Ok("notes:read profile")),
        ("&resource=https%3A%2F%2Fhost.example%2Fmcp%2F", Ok("notes:read profile")),
        ("&scope=openid+profile+email", Ok("notes:read profile")),
        ("&scope=openid+email+offline_access", Ok("notes:read profile")),
        ("&scope=openid+profile+notes%3Awrite", Ok("profile")),
        ("&scope=notes%3Awrite", Err("invalid_scope")),
        ("&scope=%22", Err("invalid_scope")),
        ("&resource=https%3A%2F%2Fhost.example%2Fprivate%2Fmcp", Err("invalid_target")),
        ("&resource=https%3A%2F%2Fother.example%2Fmcp", Err("invalid_target")),
    ] {
        let answer = server.refresh(&token, more);
        let got = answer.map(|tokens| tokens.text("scope")).map_err(TokenError::code);
        assert_eq!(got.as_deref().map_err(|code| *code), want, "{more}");
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn every_token_error_has_its_status_and_code() {
    let server = Server::new();
    let code = server.code_for("app");
    let token = server.signed_in().text("refresh_token");
    let redeem = format!("grant_type=authorization_code&client_id=app&code={code}");
    let refresh = format!("grant_type=refresh_token&client_id=app&refresh_token={token}");
    for (name, body, status, error) in [
        ("nothing", String::new(), 400, "invalid_request"),
        ("no grant type", "client_id=app".into(), 400, "invalid_request"),
        ("password", "grant_type=password&client_id=app".into(), 400, "unsupported_grant_type"),
        ("implicit", "grant_type=token&client_id=app".into(), 400, "unsupported_grant_type"),
        ("no client", format!("grant_type=authorization_code&code={code}"), 401, "invalid_client"),
        ("unknown client", redeem.replace("=app", "=nobody"), 401, "invalid_client"),
        ("a secret of a public client", format!("{redeem}&client_secret=x"), 401, "invalid_client"),
        ("a confidential client without", redeem.replace("=app", "=web"), 401, "invalid_client"),
        ("no code", "grant_type=authorization_code&client_id=app".into(), 400, "invalid_request"),
        ("no verifier", redeem.clone(), 400, "invalid_grant"),
        ("a short verifier", format!("{redeem}&code_verifier=abc"), 400, "invalid_grant"),
        ("another verifier", format!("{redeem}&code_verifier={}", "a".repeat(43)), 400, "invalid_grant"),
        (
            "another client",
            format!("{redeem}&code_verifier={VERIFIER}").replace("=app", "=other"),
            400,
            "invalid_grant",
        ),
        (
            "another redirect URI",
            format!("{redeem}&code_verifier={VERIFIER}&redirect_uri=https://app.example/cb"),
            400,
            "invalid_grant",
        ),
        (
            "another resource",
            format!("{redeem}&code_verifier={VERIFIER}&resource=https://host.example/private/mcp"),
            400,
            "invalid_target",
        ),
        (
            "two resources",
            format!(
                "{redeem}&code_verifier={VERIFIER}&resource=https://host.example/mcp&resource=https://host.example/mcp"
            ),
            400,
            "invalid_target",
        ),
        (
            "two verifiers",
            format!("{redeem}&code_verifier={VERIFIER}&code_verifier={VERIFIER}"),
            400,
            "invalid_request",
        ),
        ("two codes", format!("{redeem}&code={code}&code_verifier={VERIFIER}"), 400, "invalid_request"),
        (
            "two grant types",
            format!("{redeem}&grant_type=refresh_token&code_verifier={VERIFIER}"),
            400,
            "invalid_request",
        ),
        ("two clients", format!("{redeem}&client_id=app&code_verifier={VERIFIER}"), 400, "invalid_request"),
        (
            "a made-up code",
            format!("grant_type=authorization_code&client_id=app&code=mc1xyz&code_verifier={VERIFIER}"),
            400,
            "invalid_grant",
        ),
        (
            "a refresh token as code",
            format!("grant_type=authorization_code&client_id=app&code={token}&code_verifier={VERIFIER}"),
            400,
            "invalid_grant",
        ),
        ("no refresh token", "grant_type=refresh_token&client_id=app".into(), 400, "invalid_request"),
        (
            "a made-up refresh token",
            "grant_type=refresh_token&client_id=app&refresh_token=mr1xyz".into(),
            400,
            "invalid_grant",
        ),
        (
            "a code as refresh token",
            format!("grant_type=refresh_token&client_id=app&refresh_token={code}"),
            400,
            "invalid_grant",
        ),
        ("a refresh token of another client", refresh.replace("=app", "=other"), 400, "invalid_grant"),
        ("not UTF-8", format!("{redeem}&x=%ff"), 400, "invalid_request"),
        ("too long", format!("{redeem}&x={}", "x".repeat(20_000)), 400, "invalid_request"),
    ] {
        let error_ = server.post(&body).unwrap_err();
        assert_eq!((error_.status(), error_.code()), (status, error), "{name}");
        let text = serde_json::to_string(&TokenErrorResponse::from(error_)).unwrap();
        for secret in [code.as_str(), token.as_str(), VERIFIER] {
            assert!(!text.contains(secret) && !error_.reason().contains(secret), "{name} echoes: {text}");
        }
        let description = error_.description();
        assert!(
            description.bytes().all(|byte| matches!(byte, 0x20..=0x7E) && byte != b'"' && byte != b'\\'),
            "{name}: {description}"
        );
        assert_eq!(error_.retry_after(), None, "{name}");
    }
    // The honest client still succeeds after all of that.
    assert!(
        server
            .post(&format!("{redeem}&code_verifier={VERIFIER}&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%3Fx%3D1"))
            .is_ok()
    );
    assert!(server.post(&refresh).is_ok());
}

#[test]
fn a_token_issued_at_another_issuer_is_an_invalid_grant_and_uses_up_nothing() {
    let mut server = Server::new();
    let code = server.code_for("app");
    let token = server.signed_in().text("refresh_token");
    server.is_asked_as("https://other.example");
    for resource in ["", "&resource=https://host.example/mcp", "&resource=https://other.example/mcp"] {
        let redeem =
            format!("grant_type=authorization_code&client_id=app&code={code}&code_verifier={VERIFIER}{resource}");
        let refresh = format!("grant_type=refresh_token&client_id=app&refresh_token={token}{resource}");
        for body in [redeem, refresh] {
            let error = server.post(&body).unwrap_err();
            assert_eq!((error.status(), error.code()), (400, "invalid_grant"), "{body}");
            assert!(error.reason().contains("issuer"), "the log says what does not fit: {}", error.reason());
        }
    }
    server.is_asked_as("https://host.example");
    assert!(server.redeem(&code).is_ok(), "the code was not spent");
    assert!(server.refresh(&token, "").is_ok(), "nor was the refresh token");
}

#[test]
fn the_token_endpoint_takes_only_a_form() {
    let server = Server::new();
    let body =
        format!("grant_type=authorization_code&client_id=app&code={}&code_verifier={VERIFIER}", server.code_for("app"));
    for content_type in [None, Some(""), Some("application/json"), Some("multipart/form-data"), Some("text/plain")] {
        let error = server.post_with(None, content_type, &body).unwrap_err();
        assert_eq!((error.status(), error.code()), (400, "invalid_request"), "{content_type:?}");
    }
    assert!(server.post_with(None, Some("Application/X-WWW-Form-Urlencoded; charset=UTF-8"), &body).is_ok());
}

#[test]
fn a_confidential_client_shows_its_secret_in_the_header_or_in_the_body() {
    let server = Server::new();
    let body = |code: &str| format!("grant_type=authorization_code&code={code}&code_verifier={VERIFIER}");
    let header = basic("web", "s3cret");
    assert!(server.post_with(Some(&header), Some(FORM), &body(&server.code_for("web"))).is_ok());
    let in_body = format!("{}&client_id=web&client_secret=s3cret", body(&server.code_for("web")));
    assert!(server.post(&in_body).is_ok());
    for (name, header, basic) in [
        ("a wrong secret", basic("web", "wrong"), true),
        ("no secret", basic("web", ""), true),
        ("an unknown client", basic("nobody", "s3cret"), true),
        ("another scheme", "Bearer abc".into(), true),
    ] {
        let error = server.post_with(Some(&header), Some(FORM), &body(&server.code_for("web"))).unwrap_err();
        assert_eq!((error.status(), error.code()), (401, "invalid_client"), "{name}");
        assert_eq!(error.www_authenticate().is_some(), basic, "{name}");
    }
    let error = server.post(&format!("{}&client_id=web&client_secret=no", body(&server.code_for("web")))).unwrap_err();
    assert_eq!((error.status(), error.www_authenticate()), (401, None), "nothing was tried in the header");
}

#[test]
fn a_forged_token_costs_no_storage_request() {
    let server = Server::new();
    let code = server.code_for("app");
    let forged = format!("{}AAAA", &code[..code.len() - 4]);
    for body in [
        format!("grant_type=authorization_code&client_id=app&code={forged}&code_verifier={VERIFIER}"),
        format!("grant_type=authorization_code&client_id=app&code={code}"),
        format!("grant_type=refresh_token&client_id=app&refresh_token={}", forged.replace("mc1", "mr1")),
    ] {
        assert_eq!(server.post(&body).unwrap_err().code(), "invalid_grant");
    }
    assert!(server.revoke(None, &format!("client_id=app&token=mr1{}", "A".repeat(102))).unwrap().is_empty());
    assert_eq!(server.asked.get(), 0);
}

#[test]
fn every_token_response_costs_one_request_to_the_grant_store() {
    let server = Server::new();
    let token = server.signed_in().text("refresh_token");
    assert_eq!(server.asked.replace(0), 1);
    server.refresh(&token, "").unwrap();
    assert_eq!(server.asked.get(), 1);
}

#[test]
fn unknown_expired_used_and_other_clients_codes_get_the_same_response() {
    let server = Server::new();
    let used = server.code_for("app");
    server.redeem(&used).unwrap();
    let expired = server.code_for("app");
    let of_another_client = server.code_for("other");
    server.now.set(START.plus(61));
    let never_stored = AuthorizationCode::mint(object_name(), &TestRandom::from(99)).expose(server.keys.routing());
    let answers: Vec<String> = [&used, &expired, &of_another_client, &never_stored, &"mc1x".to_owned()]
        .iter()
        .map(|code| serde_json::to_string(&TokenErrorResponse::from(server.redeem(code).unwrap_err())).unwrap())
        .collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[test]
fn a_replayed_code_revokes_the_refresh_token() {
    let server = Server::new();
    let code = server.code_for("app");
    let tokens = server.redeem(&code).unwrap();
    assert_eq!(server.redeem(&code).unwrap_err().code(), "invalid_grant");
    assert_eq!(server.refresh(&tokens.text("refresh_token"), "").unwrap_err().code(), "invalid_grant");
}

#[test]
fn an_outage_is_a_503_and_never_invalid_grant_or_invalid_client() {
    let server = Server::new();
    let (code, token) = (server.code_for("app"), server.signed_in().text("refresh_token"));
    server.storage_is_down.set(true);
    for answer in [
        server.redeem(&code).err(),
        server.refresh(&token, "").err(),
        server.revoke(None, &format!("client_id=app&token={token}")).err(),
    ] {
        let error = answer.unwrap();
        assert_eq!((error.status(), error.code()), (503, "temporarily_unavailable"));
        assert!(error.retry_after().is_some_and(|seconds| seconds > 0));
    }
    server.storage_is_down.set(false);
    assert!(server.redeem(&code).is_ok());
    assert!(server.refresh(&token, "").is_ok());
}

#[test]
fn no_token_is_issued_if_nobody_may_sign_in() {
    let server = Server::new();
    let code = server.code_for("app");
    let token = server.signed_in().text("refresh_token");
    server.policy.replace(AdmissionPolicy::NOBODY);
    assert_eq!(server.redeem(&code).unwrap_err().code(), "invalid_grant");
    assert_eq!(server.refresh(&token, "").unwrap_err().code(), "invalid_grant");
}

/// Signs a person in of whom the identity provider says that they are in `group`.
fn says(server: &Server, group: &str) {
    let profile = Profile::default().with_groups([group]);
    let (renewed_at, claims) = (server.now.get(), ClaimsVersion::default());
    let identity = StoredIdentity { profile, renewed_at, refresh_token: None, token_refresh: None, claims };
    server.store.borrow_mut().store_identity(identity).unwrap();
}

#[test]
fn tokens_have_the_scopes_that_the_roles_of_today_allow() {
    let server = Server::new();
    *server.roles.borrow_mut() =
        RolePolicy { roles: Roles::parse("staff = notes:read if group:staff").unwrap(), issuer: None };
    let first = server.signed_in();
    assert_eq!(first.text("scope"), "profile", "nothing is known of the person");
    let mut token = first.text("refresh_token");
    for (group, scope) in [("staff", "notes:read profile"), ("sales", "profile"), ("staff", "notes:read profile")] {
        says(&server, group);
        let renewed = server.refresh(&token, "").unwrap();
        assert_eq!(renewed.text("scope"), scope, "{group}");
        assert_eq!(server.caller(&renewed.text("access_token")).caller().scopes.as_str(), scope, "{group}");
        token = renewed.text("refresh_token");
    }
    says(&server, "sales");
    assert_eq!(server.refresh(&token, "&scope=notes:read").unwrap().text("scope"), "", "the grant still stands");
}

#[test]
fn a_client_that_acts_for_itself_has_no_role() {
    let server = Server::new();
    *server.roles.borrow_mut() =
        RolePolicy { roles: Roles::parse("staff = notes:read if group:staff").unwrap(), issuer: None };
    let tokens = server
        .post_with(Some(&basic("robot", "s3cret")), Some(FORM), "grant_type=client_credentials&scope=notes:read")
        .unwrap();
    assert_eq!(tokens.text("scope"), "notes:read", "the configuration says what it may");
}

/// A server that keeps the sign-in of another connector.
fn server_of_wiki() -> Server {
    let wiki = r#"[{"url": "https://wiki.example", "name": "Wiki", "sign_in": "pages:read",
        "scopes": {"pages:read": "Read the pages", "pages:write": "Change the pages"}}]"#;
    Server { connectors: Connectors::parse(wiki).unwrap(), ..Server::new() }
}

/// Issues a code for the other connector, as the authorization endpoint does.
fn code_for_wiki(server: &Server) -> String {
    let own = server.resources.clone();
    let resource = ResourceServer::new(&Origin::of("https://wiki.example").unwrap());
    let for_wiki = Server { resources: resource, ..Server::new() };
    let code = for_wiki.code_for("app");
    let rows = for_wiki.store.into_inner();
    server.store.replace(rows);
    assert_eq!(server.resources, own);
    code
}

#[test]
fn a_token_for_another_connector_is_for_no_resource_of_this_server() {
    let server = server_of_wiki();
    let tokens = server.redeem(&code_for_wiki(&server)).unwrap();
    let text = tokens.text("access_token");
    let bearer = BearerToken::from_authorization([format!("Bearer {text}").as_str()]).unwrap().unwrap();
    let policy = server.policy.borrow();
    let at = |resource: &str| {
        let resource = Resource::parse(resource).unwrap();
        let expected =
            ExpectedClaims { issuer: &server.issuer, resource: &resource, credential_versions: policy.versions() };
        verify(&bearer, &server.signing, &expected, START).map(drop)
    };
    assert_eq!(at("https://wiki.example/mcp"), Ok(()));
    for other in ["https://host.example/mcp", "https://wiki.example/private/mcp", "https://news.example/mcp"] {
        assert_eq!(at(other), Err(AccessTokenError::WrongAudience), "{other}");
    }
}

#[test]
fn a_grant_of_another_connector_is_refreshed_as_long_as_the_configuration_names_the_connector() {
    let mut server = server_of_wiki();
    let tokens = server.redeem(&code_for_wiki(&server)).unwrap();
    let refreshed = server.refresh(&tokens.text("refresh_token"), "&resource=https://wiki.example/mcp").unwrap();
    let other = server.refresh(&refreshed.text("refresh_token"), "&resource=https://host.example/mcp");
    assert_eq!(other.err().map(TokenError::code), Some("invalid_target"));
    server.connectors = Connectors::default();
    assert!(server.refresh(&refreshed.text("refresh_token"), "").is_err());
}
