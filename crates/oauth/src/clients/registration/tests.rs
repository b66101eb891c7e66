//! Registrations are parsed, cleaned and answered as RFC 7591 says.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn parse(metadata: &Value) -> Result<ClientMetadata, ClientRegistrationError> {
    ClientMetadata::parse(metadata.to_string().as_bytes(), &RedirectPolicy::default())
}

#[test]
fn registrations_of_real_clients_are_accepted() {
    for (name, metadata, method) in [
        (
            "Claude Code",
            json!({"client_name": "Claude Code (notes)", "redirect_uris": ["http://localhost:51234/callback"],
                "application_type": "native", "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"], "token_endpoint_auth_method": "none",
                "scope": "profile notes:read offline_access"}),
            AuthenticationMethod::None,
        ),
        (
            "Cursor",
            json!({"client_name": "Cursor", "token_endpoint_auth_method": "none", "redirect_uris": [
                "cursor://anysphere.cursor-mcp/oauth/callback",
                "https://www.cursor.com/agents/mcp/oauth/callback", "http://localhost:8787/callback"]}),
            AuthenticationMethod::None,
        ),
        (
            "VS Code",
            json!({"client_name": "Visual Studio Code", "client_uri": "https://code.visualstudio.com",
                "redirect_uris": ["https://insiders.vscode.dev/redirect", "https://vscode.dev/redirect",
                    "http://localhost/", "http://127.0.0.1/", "http://localhost:33418/", "http://127.0.0.1:33418/"],
                "grant_types": ["authorization_code", "refresh_token",
                    "urn:ietf:params:oauth:grant-type:device_code"],
                "token_endpoint_auth_method": "none", "software_id": "x", "unknown": {"deep": [1, 2, null]}}),
            AuthenticationMethod::None,
        ),
        (
            "only what must be there",
            json!({"redirect_uris": ["https://a.example/cb"]}),
            AuthenticationMethod::ClientSecretBasic,
        ),
        (
            "null members",
            json!({"redirect_uris": ["https://a.example/cb"], "client_name": null, "grant_types": null,
                "token_endpoint_auth_method": null, "response_types": []}),
            AuthenticationMethod::ClientSecretBasic,
        ),
        (
            "web application on loopback",
            json!({"redirect_uris": ["http://127.0.0.1:3000/cb"], "application_type": "web",
                "token_endpoint_auth_method": "client_secret_post"}),
            AuthenticationMethod::ClientSecretPost,
        ),
    ] {
        let registration = parse(&metadata).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(registration.method, method, "{name}");
        assert_eq!(registration.redirect_uris.len(), metadata["redirect_uris"].as_array().unwrap().len(), "{name}");
    }
}

#[test]
fn registrations_that_cannot_work_or_are_not_safe_are_refused() {
    let https = "https://a.example/cb";
    let many: Vec<String> = (0..=MAX_REDIRECT_URIS).map(|n| format!("{https}{n}")).collect();
    for (name, metadata, code) in [
        ("no redirect URIs", json!({}), "invalid_redirect_uri"),
        ("empty list", json!({"redirect_uris": []}), "invalid_redirect_uri"),
        ("too many", json!({"redirect_uris": many}), "invalid_redirect_uri"),
        ("several, all of them bad", json!({"redirect_uris": ["http://a.example/", "x:y"]}), "invalid_redirect_uri"),
        ("script", json!({"redirect_uris": ["javascript:alert(1)"]}), "invalid_redirect_uri"),
        ("fragment", json!({"redirect_uris": ["https://a.example/#"]}), "invalid_redirect_uri"),
        ("text for a list", json!({"redirect_uris": https}), "invalid_client_metadata"),
        ("number in the list", json!({"redirect_uris": [https, 1]}), "invalid_client_metadata"),
        ("name of another type", json!({"redirect_uris": [https], "client_name": 1}), "invalid_client_metadata"),
        (
            "implicit flow only",
            json!({"redirect_uris": [https], "response_types": ["token"]}),
            "invalid_client_metadata",
        ),
        (
            "client_credentials only",
            json!({"redirect_uris": [https], "grant_types": ["client_credentials"]}),
            "invalid_client_metadata",
        ),
        (
            "signed assertions",
            json!({"redirect_uris": [https], "token_endpoint_auth_method": "private_key_jwt"}),
            "invalid_client_metadata",
        ),
    ] {
        assert_eq!(parse(&metadata).unwrap_err().code(), code, "{name}");
    }
}

#[test]
fn a_registration_that_is_not_a_json_object_is_refused() {
    let deep = [b"{\"a\":".repeat(2000), b"1".to_vec(), b"}".repeat(2000)].concat();
    let twice = br#"{"redirect_uris":["https://a.example/cb"],"redirect_uris":["https://b.example/cb"]}"#;
    let much = format!("[{}]", vec![r#"{"":0}"#; 2000].join(","));
    for (body, why) in [
        (&b""[..], "too early"),
        (b"[]", "not an object"),
        (b"null", "not an object"),
        (b"{", "too early"),
        (b"redirect_uris=x", "syntax"),
        (b"\"x\"", "not an object"),
        (b"\xff", "syntax"),
        (b"{}{}", "syntax"),
        (&deep, "levels"),
        (twice, "twice"),
        (br#"{"redirect_uris": ["https://a.example/cb"], "jwks": {"keys": [{"kid": "a", "kid": "b"}]}}"#, "twice"),
        (much.as_bytes(), "more values"),
    ] {
        let error = ClientMetadata::parse(body, &RedirectPolicy::default()).unwrap_err();
        assert_eq!(error.code(), "invalid_client_metadata");
        assert!(error.to_string().contains(why), "{body:?}: {error}");
    }
    let long = vec![b' '; MAX_REGISTRATION + 1];
    assert_eq!(ClientMetadata::parse(&long, &RedirectPolicy::default()).unwrap_err(), ClientRegistrationError::TooLong);
}

#[test]
fn the_acceptable_redirect_uris_are_registered_and_the_others_named_by_position() {
    let bad = "javascript:alert(1)";
    let registration =
        parse(&json!({"redirect_uris": [bad, "https://a.example/cb", "http://a.example/", "http://localhost/cb"]}))
            .unwrap();
    let uris: Vec<&str> = registration.redirect_uris.iter().map(RedirectUri::as_str).collect();
    assert_eq!(uris, ["https://a.example/cb", "http://localhost/cb"]);
    let refused = serde_json::to_value(&registration.unstored.refused).unwrap();
    assert_eq!(
        refused,
        json!([
            {"index": 0, "error_description": InvalidRedirectUri::Scheme.to_string()},
            {"index": 2, "error_description": InvalidRedirectUri::PlainHttp.to_string()},
        ])
    );
    assert!(!refused.to_string().contains("alert"), "nothing of it is echoed");
}

#[test]
fn a_client_name_is_cleaned_for_display() {
    let metadata = json!({"redirect_uris": ["https://a.example/cb"], "client_name": " Cl\u{202E}aude\n"});
    assert_eq!(parse(&metadata).unwrap().name.unwrap().as_str(), "Claude");
    let metadata = json!({"redirect_uris": ["https://a.example/cb"], "client_name": "\u{200B}"});
    assert_eq!(parse(&metadata).unwrap().name, None);
}

#[test]
fn a_repeated_redirect_uri_is_registered_once() {
    let metadata = json!({"redirect_uris": ["https://a.example/cb", "https://a.example/cb"]});
    assert_eq!(parse(&metadata).unwrap().redirect_uris.len(), 1);
}

proptest! {
    #[test]
    fn parsing_any_bytes_as_a_registration_does_not_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = ClientMetadata::parse(&body, &RedirectPolicy::default());
    }

    #[test]
    fn an_accepted_registration_has_only_acceptable_redirect_uris(
        uris in proptest::collection::vec("(https|http|cursor|javascript)://[a-z.:@#0-9/]{1,20}", 1..4)
    ) {
        if let Ok(registration) = parse(&json!({"redirect_uris": uris})) {
            for uri in registration.redirect_uris {
                prop_assert!(uri.as_str().starts_with("https://") || uri.as_str().starts_with("http://"));
                // A path may have an `@`. Before the path, it would hide the host.
                let authority = uri.as_str().split('/').nth(2).unwrap_or_default();
                prop_assert!(!authority.contains('@') && !uri.as_str().contains('#'));
            }
        }
    }
}
