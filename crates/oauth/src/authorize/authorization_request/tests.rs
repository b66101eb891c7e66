//! The rules of the authorization request: a query leads to a page, a redirect or a valid request.

use proptest::prelude::*;

use mcp_connector_base::codec::{decode, encode};
use mcp_connector_base::scope::Scope;

use crate::authorize::authorization_request::state::MAX_STATE;
use crate::authorize::authorization_request::*;
use crate::authorize::prompt::InvalidPrompt;
use crate::authorize::provider_error::ProviderError;
use crate::resource::protected_resource::ResourceServer;
use crate::resource::scope_catalogue::ScopeCatalogue;
use crate::testing::test_keys::TestRandom;
use crate::web::form::{FormError, with_query};
use crate::web::origin::{Issuer, Origin};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn issuer() -> Issuer {
    Issuer::new(Origin::of("https://mcp.example.com").unwrap())
}

fn client() -> Client {
    let policy = RedirectPolicy::default();
    Client {
        id: ClientId::new("c").unwrap(),
        kind: ClientKind::Registered,
        name: ClientName::clean("App"),
        redirect_uris: ["https://app.example/cb?keep=1", "http://localhost/cb"]
            .iter()
            .map(|raw| RedirectUri::parse(raw, &policy).unwrap())
            .collect(),
        secrets: Vec::new(),
        keys: None,
        own_scopes: ScopeSet::empty(),
    }
}

fn scopes() -> ScopeCatalogue {
    let all = [
        Scope::new("profile", "See who you are"),
        Scope::new("notes:read", "Read"),
        Scope::new("notes:write", "Write"),
    ];
    ScopeCatalogue::new(all, &ScopeSet::parse("profile notes:read").unwrap())
}

/// Returns the query of a real client, with some parameters replaced, added, or (by an empty value) removed.
fn query(changes: &[(&str, &str)]) -> String {
    let usual = [
        ("response_type", "code"),
        ("client_id", "c"),
        ("redirect_uri", "https://app.example/cb?keep=1"),
        ("state", "af0&ifj =sld/kj"),
        ("scope", "profile notes:read"),
        ("resource", "https://mcp.example.com/mcp"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let mut parameters: Vec<(&str, &str)> = usual
        .iter()
        .map(|(name, value)| changes.iter().copied().find(|(n, _)| n == name).unwrap_or((name, value)))
        .collect();
    parameters.extend(changes.iter().filter(|(name, _)| usual.iter().all(|(usual, _)| usual != name)));
    let url = with_query("", &parameters);
    url.trim_start_matches('?').to_owned()
}

/// The outcome of a request.
#[derive(Debug, PartialEq)]
enum End {
    Page(PageError),
    Redirect(AuthorizationErrorResponse),
    Request(Box<AuthorizationRequest>),
}

fn end(query: &str) -> End {
    let checked = AuthorizationQuery::parse(query)
        .and_then(|query| query.for_client(&client(), &RedirectPolicy::default()))
        .map(|trusted| {
            trusted.check(Audiences::new(&ResourceServer::new(issuer().origin()), &scopes()), &TestRandom::from(1))
        });
    match checked {
        Err(page) => End::Page(page),
        Ok(Err(refusal)) => End::Redirect(refusal),
        Ok(Ok(request)) => End::Request(Box::new(request)),
    }
}

fn request(changes: &[(&str, &str)]) -> AuthorizationRequest {
    match end(&query(changes)) {
        End::Request(request) => *request,
        end @ (End::Page(_) | End::Redirect(_)) => panic!("{end:?}"),
    }
}

fn refused(query: &str) -> AuthorizationErrorResponse {
    match end(query) {
        End::Redirect(refusal) => refusal,
        end @ (End::Page(_) | End::Request(_)) => panic!("{end:?}"),
    }
}

/// Returns the parameters that a `Location` brings to the client.
fn brought(location: &str) -> Parameters {
    Parameters::parse(location.split_once('?').unwrap().1.as_bytes()).unwrap()
}

#[test]
fn a_complete_authorization_request_is_accepted() {
    let request = request(&[]);
    assert_eq!(request.client_id().as_str(), "c");
    assert_eq!(request.client_name().unwrap().as_str(), "App");
    assert_eq!(request.redirect_uri().as_str(), "https://app.example/cb?keep=1");
    assert_eq!(request.scopes().as_str(), "notes:read profile");
    assert_eq!(request.resource().as_str(), "https://mcp.example.com/mcp");
    assert_eq!(request.code_challenge().to_string(), CHALLENGE);
}

#[test]
fn deviating_authorization_requests_of_real_clients_are_accepted() {
    for (name, changes) in [
        ("prompt", &[("prompt", "consent")][..]),
        ("prompts", &[("prompt", "login select_account consent create")]),
        ("a hint that is none", &[("login_hint", "jane\r\n")]),
        ("unknown parameter", &[("access_type", "offline"), ("nonce", "n")]),
        ("no state", &[("state", "")]),
        ("no scope", &[("scope", "")]),
        ("no resource", &[("resource", "")]),
        ("response_mode query", &[("response_mode", "query")]),
        ("slash behind the resource", &[("resource", "https://MCP.example.com/mcp/")]),
        ("scopes of other servers", &[("scope", "openid email profile notes:read offline_access")]),
        ("any port", &[("redirect_uri", "http://localhost:49152/cb")]),
        ("long state", &[("state", &"s".repeat(MAX_STATE))]),
        ("state of any characters", &[("state", "ö 🦀 +&=%\"<>\\")]),
    ] {
        assert!(matches!(end(&query(changes)), End::Request(_)), "{name}");
    }
    assert_eq!(request(&[("scope", "openid")]).scopes().as_str(), "notes:read profile");
    assert_eq!(request(&[("resource", "")]).resource().as_str(), "https://mcp.example.com/mcp");
}

#[test]
fn an_error_of_client_id_or_redirect_uri_never_redirects() {
    let repeated = |name: &str| format!("{}&{name}=x", query(&[]));
    for (name, query) in [
        ("nothing", String::new()),
        ("no client", query(&[("client_id", "")])),
        ("other client", query(&[("client_id", "d")])),
        ("client that cannot be one", query(&[("client_id", "a\nb")])),
        ("repeated client", repeated("client_id")),
        ("repeated address", repeated("redirect_uri")),
        ("repeated address, second empty", repeated("redirect_uri").trim_end_matches('x').to_owned()),
        ("no address, though there are several", query(&[("redirect_uri", "")])),
        ("other address", query(&[("redirect_uri", "https://evil.example/cb")])),
        ("address with another query", query(&[("redirect_uri", "https://app.example/cb?keep=2")])),
        ("address with more query", query(&[("redirect_uri", "https://app.example/cb?keep=1&x=1")])),
        ("address with a fragment", query(&[("redirect_uri", "https://app.example/cb?keep=1#x")])),
        ("address with a user name", query(&[("redirect_uri", "https://app.example@evil.example/cb?keep=1")])),
        ("other loopback host", query(&[("redirect_uri", "http://127.0.0.1/cb")])),
        ("script", query(&[("redirect_uri", "javascript:alert(1)")])),
        ("bad encoding", format!("{}&x=%zz", query(&[]))),
        ("flood", format!("{}{}", query(&[]), "&a=b".repeat(100))),
        ("everything else wrong, too", query(&[("redirect_uri", "https://evil.example"), ("response_type", "token")])),
    ] {
        assert!(matches!(end(&query), End::Page(_)), "{name}: {:?}", end(&query));
    }
}

#[test]
fn other_errors_of_a_request_are_sent_to_the_client() {
    for (name, changes, code) in [
        ("no response_type", &[("response_type", "")][..], "invalid_request"),
        ("implicit flow", &[("response_type", "token")], "unsupported_response_type"),
        ("hybrid flow", &[("response_type", "code id_token")], "unsupported_response_type"),
        ("fragment mode", &[("response_mode", "fragment")], "invalid_request"),
        ("form_post mode", &[("response_mode", "form_post")], "invalid_request"),
        ("no challenge", &[("code_challenge", "")], "invalid_request"),
        ("no challenge, no method", &[("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
        ("no method", &[("code_challenge_method", "")], "invalid_request"),
        ("plain", &[("code_challenge_method", "plain")], "invalid_request"),
        ("method in another case", &[("code_challenge_method", "s256")], "invalid_request"),
        ("short challenge", &[("code_challenge", "abc")], "invalid_request"),
        ("padded challenge", &[("code_challenge", &format!("{CHALLENGE}="))], "invalid_request"),
        ("scope that is none", &[("scope", "notes:read \"x\"")], "invalid_scope"),
        ("other resource", &[("resource", "https://other.example/mcp")], "invalid_target"),
        ("resource with a fragment", &[("resource", "https://mcp.example.com/mcp#x")], "invalid_target"),
        ("no page", &[("prompt", "none")], "consent_required"),
        ("no page, and everything else wrong", &[("prompt", "none"), ("scope", "\"")], "invalid_scope"),
        ("no page, and a login", &[("prompt", "none login")], "invalid_request"),
    ] {
        let location = refused(&query(changes)).location(&issuer());
        assert!(location.starts_with("https://app.example/cb?keep=1&error="), "{name}: {location}");
        let parameters = brought(&location);
        assert_eq!(parameters.get("error"), Ok(Some(code)), "{name}");
        assert_eq!(parameters.get("state"), Ok(Some("af0&ifj =sld/kj")), "{name}");
        assert_eq!(parameters.get("iss"), Ok(Some("https://mcp.example.com")), "{name}");
        assert!(parameters.get("error_description").unwrap().is_some(), "{name}");
        assert_eq!(parameters.get("code"), Ok(None), "{name}");
    }
}

#[test]
fn a_repeated_parameter_of_an_authorization_request_is_refused() {
    for name in [
        "response_type",
        "response_mode",
        "state",
        "scope",
        "code_challenge",
        "code_challenge_method",
        "resource",
        "prompt",
        "login_hint",
    ] {
        let query = format!("{}&{name}=x&{name}=x", query(&[]));
        let location = refused(&query).location(&issuer());
        let code = if name == "resource" { "invalid_target" } else { "invalid_request" };
        assert_eq!(brought(&location).get("error"), Ok(Some(code)), "{name}");
        assert_eq!(brought(&location).get("state").unwrap().is_none(), name == "state", "{name}");
    }
}

#[test]
fn a_state_of_8_kb_is_returned_whatever_becomes_of_the_request() {
    let state = "s".repeat(8 * 1024);
    let good = request(&[("state", &state)]).response_target().code_location("x", &issuer());
    let location = refused(&query(&[("state", &state), ("scope", "\"")])).location(&issuer());
    for location in [good, location] {
        assert_eq!(brought(&location).get("state"), Ok(Some(state.as_str())));
    }
}

#[test]
fn a_request_with_a_bad_state_is_refused_and_a_state_that_can_be_returned_is_returned() {
    for (state, returned) in [
        ("s".repeat(8 * 1024 + 1), false),
        ("a\nb".to_owned(), true),
        ("a\0".to_owned(), true),
        ("a\r\nX: y".to_owned(), true),
    ] {
        let location = refused(&query(&[("state", &state)])).location(&issuer());
        assert!(location.bytes().all(|byte| byte.is_ascii_graphic()), "{location}");
        assert_eq!(brought(&location).get("error"), Ok(Some("invalid_request")));
        assert_eq!(brought(&location).get("state"), Ok(returned.then_some(state.as_str())));
        assert_eq!(brought(&location).get("iss"), Ok(Some("https://mcp.example.com")));
    }
}

#[test]
fn each_authorization_request_has_an_identifier_of_its_own() {
    let random = TestRandom::from(1);
    let page = || {
        let query = AuthorizationQuery::parse(&query(&[])).unwrap();
        let trusted = query.for_client(&client(), &RedirectPolicy::default()).unwrap();
        trusted.check(Audiences::new(&ResourceServer::new(issuer().origin()), &scopes()), &random).unwrap().number()
    };
    assert_ne!(page(), page());
}

#[test]
fn an_authorization_response_has_code_state_and_iss() {
    let location = request(&[]).response_target().code_location("the code", &issuer());
    assert!(location.starts_with("https://app.example/cb?keep=1&code="), "{location}");
    let parameters = brought(&location);
    assert_eq!(parameters.get("code"), Ok(Some("the code")));
    assert_eq!(parameters.get("state"), Ok(Some("af0&ifj =sld/kj")));
    assert_eq!(parameters.get("iss"), Ok(Some("https://mcp.example.com")));
    let bare = request(&[("state", ""), ("redirect_uri", "http://localhost:5/cb")])
        .response_target()
        .code_location("x", &issuer());
    assert_eq!(bare, "http://localhost:5/cb?code=x&iss=https%3A%2F%2Fmcp.example.com");
}

#[test]
fn error_descriptions_are_in_the_character_set_of_the_rfc() {
    use AuthorizationError as E;
    for error in [
        E::Form(FormError::Repeated("scope")),
        E::Form(FormError::TooLong),
        E::NoResponseType,
        E::ResponseType,
        E::ResponseMode,
        E::State,
        E::NoCodeChallenge,
        E::CodeChallengeMethod,
        E::CodeChallenge,
        E::Scope,
        E::Target,
        E::Denied,
        E::Prompt(InvalidPrompt::NoneWithOthers),
        E::Prompt(InvalidPrompt::ConsentRequired),
        E::Provider(ProviderError::of("server_error")),
    ] {
        let text = error.to_string();
        assert!(text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)), "{text}");
    }
}

#[test]
fn a_sealed_authorization_request_opens_unchanged_and_stays_small() {
    let long = format!("https://app.example/{}", "c".repeat(200));
    for request in [request(&[]), request(&[("state", ""), ("redirect_uri", "http://localhost:5/cb")])] {
        let written = encode(&request).unwrap();
        assert_eq!(decode::<AuthorizationRequest>(&written).unwrap(), request);
        assert!(written.len() < 300, "{} bytes", written.len());
    }
    let mut client = client();
    client.id = ClientId::new(&long).unwrap();
    let query = query(&[("client_id", &long), ("state", &"s".repeat(MAX_STATE))]);
    let request = AuthorizationQuery::parse(&query)
        .unwrap()
        .for_client(&client, &RedirectPolicy::default())
        .unwrap()
        .check(Audiences::new(&ResourceServer::new(issuer().origin()), &scopes()), &TestRandom::from(1))
        .unwrap();
    assert!(encode(&request).unwrap().len() < MAX_STATE + 1024);
}

#[test]
fn debug_output_hides_a_state() {
    let request = request(&[("state", "hunter2")]);
    assert!(!format!("{request:?}").contains("hunter2"));
    assert!(!format!("{:?}", refused(&query(&[("state", "hunter2"), ("scope", "\"")]))).contains("hunter2"));
}

proptest! {
    #[test]
    fn parsing_any_query_as_an_authorization_request_does_not_panic(text in ".{0,200}") {
        let _ = end(&text);
    }

    #[test]
    fn added_parameters_never_lead_to_an_unregistered_redirect_uri(
        name in "client_id|redirect_uri|state|scope|resource|response_type|x", value in ".{0,60}", replace in any::<bool>()
    ) {
        let text = if replace {
            query(&[(&name, &value)])
        } else {
            with_query(&format!("?{}", query(&[])), &[(&name, &value)]).trim_start_matches('?').to_owned()
        };
        let location = match end(&text) {
            End::Page(_) => return Ok(()),
            End::Redirect(refusal) => refusal.location(&issuer()),
            End::Request(request) => request.response_target().code_location("x", &issuer()),
        };
        prop_assert!(location.starts_with("https://app.example/cb?keep=1&"), "{}", location);
        prop_assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
    }

    #[test]
    fn a_state_comes_back_unchanged(state in "[^\\p{Cc}]{1,200}") {
        let request = request(&[("state", &state)]);
        let location = request.response_target().code_location("x", &issuer());
        let parameters = brought(&location);
        prop_assert_eq!(parameters.get("state").unwrap().unwrap(), state);
    }
}
