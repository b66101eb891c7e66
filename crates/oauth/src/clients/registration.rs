//! Dynamic client registration (RFC 7591): the client metadata of a request, and the response.
//!
//! Members that decide who gets a code are read strictly, all others leniently. Members that this server does not use
//! (`application_type`, `software_id`, `logo_uri` …) are ignored, as RFC 7591 §2 allows, because clients send all of them.
//! `scope` is answered and not stored: a client may ask for less or more when a person is there to allow it.
//!
//! How a registration becomes an identifier is in [`client_id`](crate::clients::client_id).

use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use mcp_connector_base::identifier::ClientId;
use mcp_connector_base::json;
use mcp_connector_base::json::Object;
use mcp_connector_base::json::fault::JsonError;
use mcp_connector_base::json::limit::MemoryLimit;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

use crate::clients::client::{AuthenticationMethod, ClientName};
use crate::web::redirect_uri::{InvalidRedirectUri, RedirectPolicy, RedirectUri};

/// Maximum length of a request, in bytes. Real ones are below 1 KB.
pub const MAX_REGISTRATION: usize = 16 * 1024;
/// Maximum number of redirect URIs of one client. VS Code registers six, the most of all known clients.
const MAX_REDIRECT_URIS: usize = 16;

/// Why a registration is refused (RFC 7591 §3.2.2). The status is always 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClientRegistrationError {
    /// More than [`MAX_REGISTRATION`].
    #[error("the registration is too long")]
    TooLong,
    /// The body is not a JSON object, repeats a member, or needs too much memory.
    #[error("the registration must be a JSON object: {0}")]
    Json(JsonError),
    /// A member has another type than RFC 7591 §2 defines.
    #[error("{0} has the wrong type")]
    Type(&'static str),
    #[error("redirect_uris must list at least one URI")]
    NoRedirectUri,
    #[error("redirect_uris lists too many URIs")]
    TooManyRedirectUris,
    /// None of the redirect URIs is acceptable.
    #[error(transparent)]
    RedirectUri(#[from] InvalidRedirectUri),
    #[error("only clients that use authorization_code and response_type code can register")]
    Flow,
    /// The authentication method is not supported.
    #[error("token_endpoint_auth_method must be none, client_secret_basic or client_secret_post")]
    AuthenticationMethod,
    /// The metadata is too long for an identifier.
    #[error("name and redirect URIs are too long together")]
    TooMuch,
}

impl ClientRegistrationError {
    /// Returns the value of `error`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoRedirectUri | Self::TooManyRedirectUris | Self::RedirectUri(_) => "invalid_redirect_uri",
            Self::TooLong | Self::Json(_) | Self::Type(_) | Self::Flow | Self::AuthenticationMethod | Self::TooMuch => {
                "invalid_client_metadata"
            }
        }
    }
}

/// The client metadata of a registration (RFC 7591 §2), as far as this server uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientMetadata {
    pub(crate) name: Option<ClientName>,
    pub(crate) redirect_uris: Vec<RedirectUri>,
    pub(crate) method: AuthenticationMethod,
    /// What the response repeats and the identifier does not contain.
    pub(crate) unstored: UnstoredMetadata,
}

/// Metadata that is answered and not stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UnstoredMetadata {
    /// `scope`, if it is a string.
    pub(crate) scope: Option<String>,
    pub(crate) refused: Vec<RefusedRedirectUri>,
}

/// A redirect URI that was not registered. Its index identifies it, because its text is untrusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RefusedRedirectUri {
    /// The index in the list of the request.
    index: usize,
    error_description: String,
}

impl ClientMetadata {
    /// Parses the body of a registration request. Acceptable redirect URIs are registered, and the response lists the others.
    ///
    /// # Errors
    ///
    /// A member that decides who gets a code is malformed, or no redirect URI is acceptable.
    pub fn parse(body: &[u8], policy: &RedirectPolicy) -> Result<Self, ClientRegistrationError> {
        if body.len() > MAX_REGISTRATION {
            return Err(ClientRegistrationError::TooLong);
        }
        let metadata =
            json::read_object(body, MemoryLimit::of_text(MAX_REGISTRATION)).map_err(ClientRegistrationError::Json)?;
        let uses = |member: &'static str, wanted: &str| {
            let listed = texts(&metadata, member)?;
            Ok::<_, ClientRegistrationError>(listed.is_none_or(|listed| listed.contains(&wanted)))
        };
        if !uses("grant_types", "authorization_code")? || !uses("response_types", "code")? {
            return Err(ClientRegistrationError::Flow);
        }
        let method = match text(&metadata, "token_endpoint_auth_method")? {
            Some(name) => AuthenticationMethod::parse(name).ok_or(ClientRegistrationError::AuthenticationMethod)?,
            // The default of RFC 7591 §2. Clients that omit the member use the secret that they get.
            None => AuthenticationMethod::ClientSecretBasic,
        };
        let (redirect_uris, refused) = redirect_uris(&metadata, policy)?;
        let scope = metadata.get("scope").and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            name: text(&metadata, "client_name")?.and_then(ClientName::clean),
            redirect_uris,
            method,
            unstored: UnstoredMetadata { scope, refused },
        })
    }
}

fn redirect_uris(
    metadata: &Object,
    policy: &RedirectPolicy,
) -> Result<(Vec<RedirectUri>, Vec<RefusedRedirectUri>), ClientRegistrationError> {
    let listed = texts(metadata, "redirect_uris")?.unwrap_or_default();
    if listed.is_empty() {
        return Err(ClientRegistrationError::NoRedirectUri);
    }
    if listed.len() > MAX_REDIRECT_URIS {
        return Err(ClientRegistrationError::TooManyRedirectUris);
    }
    let mut uris: Vec<RedirectUri> = Vec::with_capacity(listed.len());
    let mut refused = Vec::new();
    let mut first_error = None;
    for (index, raw) in listed.into_iter().enumerate() {
        match RedirectUri::parse(raw, policy) {
            Ok(uri) if uris.contains(&uri) => {}
            Ok(uri) => uris.push(uri),
            Err(error) => {
                first_error.get_or_insert(error);
                refused.push(RefusedRedirectUri { index, error_description: error.to_string() });
            }
        }
    }
    match first_error {
        Some(error) if uris.is_empty() => Err(error.into()),
        _ => Ok((uris, refused)),
    }
}

/// Returns a member that is a string.
pub(crate) fn text<'a>(metadata: &'a Object, member: &'static str) -> Result<Option<&'a str>, ClientRegistrationError> {
    match metadata.get(member) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(ClientRegistrationError::Type(member)),
    }
}

/// Returns a member that is a list of strings. An empty list counts as absent.
pub(crate) fn texts<'a>(
    metadata: &'a Object,
    member: &'static str,
) -> Result<Option<Vec<&'a str>>, ClientRegistrationError> {
    let items = match metadata.get(member) {
        None => return Ok(None),
        Some(value) => value.as_array().ok_or(ClientRegistrationError::Type(member))?,
    };
    let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
    let texts = texts.ok_or(ClientRegistrationError::Type(member))?;
    Ok((!texts.is_empty()).then_some(texts))
}

/// The client information response (RFC 7591 §3.2.1), sent with status 201 and `Cache-Control: no-store`. It has no `null`
/// members, which break clients.
#[derive(Clone, Serialize)]
pub struct ClientInformationResponse {
    pub(crate) client_id: ClientId,
    pub(crate) client_id_issued_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_name: Option<ClientName>,
    pub(crate) redirect_uris: Vec<RedirectUri>,
    /// The redirect URIs that were not registered. This member is not in RFC 7591.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) refused_redirect_uris: Vec<RefusedRedirectUri>,
    /// The scopes of an authorization request with the `scope` of the registration.
    #[serde(skip_serializing_if = "ScopeSet::is_empty")]
    pub(crate) scope: ScopeSet,
    pub(crate) grant_types: &'static [&'static str],
    pub(crate) response_types: &'static [&'static str],
    pub(crate) token_endpoint_auth_method: &'static str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<IssuedSecret>,
}

/// A client secret, which is sent once.
#[derive(Clone, Serialize)]
pub(crate) struct IssuedSecret {
    pub(crate) client_secret: String,
    /// Zero: the secret does not expire.
    pub(crate) client_secret_expires_at: u64,
}

impl ClientInformationResponse {
    #[must_use]
    pub const fn client_id(&self) -> &ClientId {
        &self.client_id
    }
}

#[cfg(test)]
mod tests {
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
            (
                "several, all of them bad",
                json!({"redirect_uris": ["http://a.example/", "x:y"]}),
                "invalid_redirect_uri",
            ),
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
    fn a_body_that_is_no_json_object_is_refused() {
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
        assert_eq!(
            ClientMetadata::parse(&long, &RedirectPolicy::default()).unwrap_err(),
            ClientRegistrationError::TooLong
        );
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
    fn a_repeated_redirect_uri_counts_once() {
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
}
