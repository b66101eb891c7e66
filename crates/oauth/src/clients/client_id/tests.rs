//! The rules of the identifiers of registered clients.

use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};

use mcp_connector_base::scope::Scope;

use crate::clients::client_authentication::PresentedClient;
use crate::clients::client_id::*;
use crate::crypto::keys::master::MasterKey;
use crate::crypto::keys::ring::KeyRing;
use crate::testing::test_keys::TestRandom;
use crate::web::form::Parameters;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Returns the key that is derived from a master key of this byte.
fn key(current: u8, previous: &[u8]) -> MacKey {
    let master = |byte: u8| MasterKey::parse(&STANDARD.encode([byte; 32])).unwrap();
    let previous: Vec<MasterKey> = previous.iter().map(|byte| master(*byte)).collect();
    KeyRing::new(&master(current), &previous).client_id().clone()
}

fn catalogue() -> ScopeCatalogue {
    let scopes = [
        Scope::new("profile", "See who you are"),
        Scope::new("notes:read", "Read"),
        Scope::new("notes:write", "Write"),
    ];
    ScopeCatalogue::new(scopes, &ScopeSet::parse("profile notes:read").unwrap())
}

fn registration(metadata: &Value) -> ClientMetadata {
    ClientMetadata::parse(metadata.to_string().as_bytes(), &RedirectPolicy::default()).unwrap()
}

fn register(metadata: &Value) -> Value {
    let response = crate::clients::client_id::register(
        registration(metadata),
        NOW,
        &TestRandom::from(0),
        &key(7, &[]),
        &catalogue(),
    )
    .unwrap();
    serde_json::to_value(response).unwrap()
}

fn known(id: &str) -> Result<RegisteredClient, UnknownClient> {
    registered_client(&ClientId::new(id).unwrap(), &RedirectPolicy::default(), &key(7, &[]))
}

fn cursor() -> Value {
    json!({"client_name": "Cursor", "token_endpoint_auth_method": "none", "redirect_uris": [
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "https://www.cursor.com/agents/mcp/oauth/callback",
        "http://localhost:8787/callback"]})
}

#[test]
fn another_instance_reads_a_client_from_its_client_id_alone() {
    let response = register(&cursor());
    let id = ClientId::new(response["client_id"].as_str().unwrap()).unwrap();
    let RegisteredClient { client, registered_at } =
        registered_client(&id, &RedirectPolicy::default(), &key(7, &[])).unwrap();
    assert_eq!(client.name.unwrap().as_str(), "Cursor");
    let uris: Vec<&str> = client.redirect_uris.iter().map(RedirectUri::as_str).collect();
    assert_eq!(json!(uris), cursor()["redirect_uris"]);
    assert_eq!((client.kind, registered_at, client.secrets.len()), (ClientKind::Registered, NOW, 0));
}

#[test]
fn the_registration_response_to_a_public_client_has_no_secret_and_no_null() {
    let response = register(&cursor());
    assert_eq!(
        response,
        json!({
            "client_id": response["client_id"],
            "client_id_issued_at": 1_800_000_000,
            "client_name": "Cursor",
            "redirect_uris": cursor()["redirect_uris"],
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": "notes:read profile",
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        })
    );
    let nameless = register(&json!({"redirect_uris": ["https://a.example/cb"]}));
    assert!(nameless.get("client_name").is_none());
}

#[test]
fn a_confidential_client_authenticates_with_its_client_secret() {
    for method in ["client_secret_basic", "client_secret_post"] {
        let metadata = json!({"redirect_uris": ["https://a.example/cb"], "token_endpoint_auth_method": method});
        let response = register(&metadata);
        assert_eq!(response["token_endpoint_auth_method"], method);
        assert_eq!(response["client_secret_expires_at"], 0);
        let id = response["client_id"].as_str().unwrap();
        let secret = response["client_secret"].as_str().unwrap();
        let client = known(id).unwrap().client;
        let body = format!("client_id={id}&client_secret={secret}");
        let presented = PresentedClient::parse(None, &Parameters::parse(body.as_bytes()).unwrap()).unwrap();
        assert_eq!(presented.authenticate(&client), Ok(()));
        let bare = Parameters::parse(format!("client_id={id}").as_bytes()).unwrap();
        assert!(PresentedClient::parse(None, &bare).unwrap().authenticate(&client).is_err());
    }
}

#[test]
fn registering_the_same_twice_gives_two_clients() {
    let random = TestRandom::from(0);
    let metadata = json!({"redirect_uris": ["https://a.example/cb"]});
    let first =
        crate::clients::client_id::register(registration(&metadata), NOW, &random, &key(7, &[]), &catalogue()).unwrap();
    let second =
        crate::clients::client_id::register(registration(&metadata), NOW, &random, &key(7, &[]), &catalogue()).unwrap();
    assert_ne!(first.client_id, second.client_id);
    assert_ne!(first.secret.unwrap().client_secret, second.secret.unwrap().client_secret);
}

#[test]
fn a_forged_client_id_is_unknown() {
    let genuine = register(&cursor())["client_id"].as_str().unwrap().to_owned();
    assert!(known(&genuine).is_ok());
    for (at, character) in genuine.char_indices() {
        let other = if character == 'A' { 'B' } else { 'A' };
        let forged = format!("{}{other}{}", &genuine[..at], &genuine[at + 1..]);
        assert!(known(&forged).is_err(), "character {at}");
    }
    for forged in ["c1_", "c1_AAAA", "c1_====", "c", &genuine[..genuine.len() - 1], &format!("{genuine}A")] {
        assert!(known(forged).is_err(), "{forged}");
    }
    let genuine = ClientId::new(&genuine).unwrap();
    assert!(registered_client(&genuine, &RedirectPolicy::default(), &key(8, &[])).is_err());
}

#[test]
fn a_client_and_its_secret_stay_valid_while_the_master_key_is_replaced() {
    let response = register(&json!({"redirect_uris": ["https://a.example/cb"]}));
    let id = ClientId::new(response["client_id"].as_str().unwrap()).unwrap();
    let client = registered_client(&id, &RedirectPolicy::default(), &key(8, &[7])).unwrap().client;
    assert!(client.has_secret(response["client_secret"].as_str().unwrap()));
    assert!(!client.has_secret(id.as_str()) && !client.has_secret(""));
}

#[test]
fn a_registration_lives_for_90_days_by_itself() {
    let client = known(register(&cursor())["client_id"].as_str().unwrap()).unwrap();
    let day = 24 * 60 * 60;
    for (age, is_young) in [(0, true), (90, true), (91, false)] {
        assert_eq!(client.is_young(NOW.plus(age * day)), is_young, "{age} days");
    }
}

#[test]
fn a_redirect_uri_that_is_no_longer_allowed_is_left_out() {
    let policy = RedirectPolicy::with_private_use("myapp://cb").unwrap();
    let metadata = json!({"redirect_uris": ["myapp://cb", "https://a.example/cb"]}).to_string();
    let registration = ClientMetadata::parse(metadata.as_bytes(), &policy).unwrap();
    let id = crate::clients::client_id::register(registration, NOW, &TestRandom::from(0), &key(7, &[]), &catalogue())
        .unwrap()
        .client_id;
    assert_eq!(registered_client(&id, &policy, &key(7, &[])).unwrap().client.redirect_uris.len(), 2);
    assert_eq!(registered_client(&id, &RedirectPolicy::default(), &key(7, &[])).unwrap().client.redirect_uris.len(), 1);
}

#[test]
fn the_client_ids_of_real_clients_are_short() {
    let vs_code = json!({"client_name": "Visual Studio Code", "token_endpoint_auth_method": "none",
        "redirect_uris": ["https://insiders.vscode.dev/redirect", "https://vscode.dev/redirect", "http://localhost/",
            "http://127.0.0.1/", "http://localhost:33418/", "http://127.0.0.1:33418/"]});
    let claude = json!({"client_name": "Claude", "token_endpoint_auth_method": "none",
        "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"]});
    for metadata in [cursor(), vs_code, claude] {
        let length = register(&metadata)["client_id"].as_str().unwrap().len();
        assert!(length < 256, "{metadata}: {length}");
    }
}

#[test]
fn a_registration_too_large_for_a_client_id_is_refused() {
    let uris: Vec<String> = (0..4).map(|n| format!("https://a.example/{n}{}", "x".repeat(400))).collect();
    let error = crate::clients::client_id::register(
        registration(&json!({"redirect_uris": uris})),
        NOW,
        &TestRandom::from(0),
        &key(7, &[]),
        &catalogue(),
    );
    assert_eq!(error.err(), Some(ClientRegistrationError::TooMuch));
}

proptest! {
    #[test]
    fn every_registration_is_read_back_from_its_client_id(
        name in any::<String>(),
        uris in proptest::collection::vec("(https://a|http://localhost|http://\\[::1\\]|http://127\\.0\\.0\\.1)(:[1-9][0-9]{1,3})?/[a-z]{0,9}", 1..8)
    ) {
        let before = registration(&json!({"client_name": name, "redirect_uris": uris}));
        let id = crate::clients::client_id::register(before.clone(), NOW, &TestRandom::from(0), &key(7, &[]), &catalogue()).unwrap().client_id;
        let after = registered_client(&id, &RedirectPolicy::default(), &key(7, &[])).unwrap().client;
        prop_assert_eq!((after.name, after.redirect_uris), (before.name, before.redirect_uris));
    }

    #[test]
    fn reading_any_client_id_does_not_panic(text in "c1_[A-Za-z0-9_-]{0,80}") {
        prop_assert!(known(&text).is_err());
    }

    #[test]
    fn decoding_any_registration_bytes_does_not_panic(packed in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = unpack(&packed, &RedirectPolicy::default());
    }
}

#[test]
fn the_registration_response_has_the_scope_that_a_request_would_get() {
    for (scope, stated) in [
        (json!("profile notes:write offline_access"), "notes:write profile"),
        (json!("openid profile email"), "notes:read profile"),
        (json!("unknown"), "notes:read profile"),
        (json!("a \" quote"), "notes:read profile"),
        (json!(null), "notes:read profile"),
        (json!(["profile"]), "notes:read profile"),
    ] {
        let response = register(&json!({"redirect_uris": ["https://a.example/cb"], "scope": scope}));
        assert_eq!(response["scope"], stated, "{scope}");
        assert!(response.get("refused_redirect_uris").is_none(), "{response}");
    }
    let response = register(&json!({"redirect_uris": ["https://a.example/cb", "http://a.example/cb"]}));
    assert_eq!(response["redirect_uris"], json!(["https://a.example/cb"]));
    assert_eq!(response["refused_redirect_uris"][0]["index"], 1);
}
