//! Client ID Metadata Documents (draft-ietf-oauth-client-id-metadata-document, MCP "Client ID Metadata Documents"): the client
//! metadata that is published at the URL of a client identifier.
//!
//! Anybody can cause a fetch. So only a [`ClientIdUrl`] is fetched, and only a small, direct response is read. How long a
//! document may be used is in [`cache`](crate::clients::metadata_document::cache). The Worker fetches with `redirect: manual`,
//! without credentials, and waits a few seconds at most.

use thiserror::Error;

use mcp_connector_base::json;
use mcp_connector_base::json::Object;
use mcp_connector_base::json::fault::JsonError;
use mcp_connector_base::json::limit::MemoryLimit;
use mcp_connector_base::scope::ScopeSet;

use crate::clients::client::{Client, ClientKind, ClientName};
use crate::clients::client_keys::{ClientKeys, ClientProof, InvalidClientKeys};
use crate::clients::metadata_document::client_id_url::ClientIdUrl;
use crate::clients::registration::{ClientRegistrationError, text, texts};
use crate::web::redirect_uri::{RedirectPolicy, RedirectUri};

/// Maximum length of a document, in bytes. Draft §6.6 recommends 5 KB.
pub const MAX_DOCUMENT: usize = 5 * 1024;

/// Maximum number of redirect URIs.
const MAX_REDIRECT_URIS: usize = 32;

/// Why a response is not a valid metadata document. The client is then unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidDocument {
    /// More than [`MAX_DOCUMENT`].
    #[error("the metadata document is too long")]
    TooLong,
    /// The document is not a JSON object, repeats a member, or needs too much memory.
    #[error("the metadata document is not a JSON object: {0}")]
    Json(JsonError),
    /// `client_id` is not the URL of the document, byte for byte (draft §4).
    #[error("client_id of the metadata document is not its URL")]
    OtherClient,
    #[error("the metadata document has no client_name")]
    NoName,
    /// None of the redirect URIs is acceptable here.
    #[error("the metadata document lists no redirect URI that is acceptable here")]
    NoRedirectUri,
    /// A public document must not rely on a shared secret (draft §4.1).
    #[error("a metadata document must not rely on a shared secret")]
    SharedSecret,
    /// The client supports no authentication method of this server.
    #[error("the client must be able to authenticate with none or private_key_jwt")]
    AuthenticationMethod,
    /// A client with `private_key_jwt` has no keys that can be used.
    #[error("the metadata document of a client with private_key_jwt: {0}")]
    Keys(#[from] InvalidClientKeys),
    #[error("the client does not use authorization_code and response_type code")]
    Flow,
    /// A member has the wrong type.
    #[error(transparent)]
    Metadata(#[from] ClientRegistrationError),
}

/// Parses the document at `url`. Members that this server does not use are ignored.
///
/// # Errors
///
/// Returns an [`InvalidDocument`] if the document is too long or not a JSON object, is that of another client, lacks a
/// name or an acceptable redirect URI, or admits no flow or no authentication method of this server.
pub fn parse_document(body: &[u8], url: &ClientIdUrl, policy: &RedirectPolicy) -> Result<Client, InvalidDocument> {
    if body.len() > MAX_DOCUMENT {
        return Err(InvalidDocument::TooLong);
    }
    let document = json::read_object(body, MemoryLimit::of_text(MAX_DOCUMENT)).map_err(InvalidDocument::Json)?;
    if text(&document, "client_id")? != Some(url.as_str()) {
        return Err(InvalidDocument::OtherClient);
    }
    let keys = keys(&document)?;
    for (member, wanted) in [("grant_types", "authorization_code"), ("response_types", "code")] {
        if texts(&document, member)?.is_some_and(|listed| !listed.contains(&wanted)) {
            return Err(InvalidDocument::Flow);
        }
    }
    let name = text(&document, "client_name")?.and_then(ClientName::clean).ok_or(InvalidDocument::NoName)?;
    // A document is written for all servers, unlike a registration. So redirect URIs that are not acceptable here are ignored.
    let listed = texts(&document, "redirect_uris")?.unwrap_or_default();
    let redirect_uris: Vec<RedirectUri> = listed
        .into_iter()
        .take(MAX_REDIRECT_URIS)
        .filter_map(|raw| RedirectUri::parse_of_any_client(raw, policy).ok())
        .collect();
    if redirect_uris.is_empty() {
        return Err(InvalidDocument::NoRedirectUri);
    }
    Ok(Client { keys, ..public_client(url, name, redirect_uris) })
}

/// Returns the client of a document that has no keys. It is public, and PKCE protects its codes.
pub(crate) fn public_client(url: &ClientIdUrl, name: ClientName, redirect_uris: Vec<RedirectUri>) -> Client {
    Client {
        id: url.id().clone(),
        kind: ClientKind::MetadataDocument,
        name: Some(name),
        redirect_uris,
        secrets: Vec::new(),
        keys: None,
        own_scopes: ScopeSet::empty(),
    }
}

/// Returns the keys with which the client authenticates, or `None` for a public client.
///
/// A client that lists `none` beside `private_key_jwt`, as ChatGPT does, may use either. One that names `private_key_jwt` alone must
/// use it, so unusable keys are an error: without them anybody could be this client.
fn keys(document: &Object) -> Result<Option<ClientKeys>, InvalidDocument> {
    if document.contains_key("client_secret") || document.contains_key("client_secret_expires_at") {
        return Err(InvalidDocument::SharedSecret);
    }
    let preferred = text(document, "token_endpoint_auth_method")?.unwrap_or("none");
    if preferred.starts_with("client_secret") {
        return Err(InvalidDocument::SharedSecret);
    }
    let supported = texts(document, "token_endpoint_auth_methods_supported")?.unwrap_or_default();
    let uses = |method| preferred == method || supported.contains(&method);
    match (uses("private_key_jwt"), uses("none")) {
        (true, false) => Ok(Some(ClientKeys::read(document, ClientProof::PrivateKeyJwt)?)),
        (true, true) => Ok(ClientKeys::read(document, ClientProof::SecretOrNone).ok()),
        (false, true) => Ok(None),
        (false, false) => Err(InvalidDocument::AuthenticationMethod),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use mcp_connector_base::identifier::ClientId;

    use super::*;
    use crate::web::origin::Origin;

    const URL: &str = "https://app.example.com/client.json";

    fn url(text: &str) -> ClientIdUrl {
        ClientIdUrl::parse(&ClientId::new(text).unwrap(), &Origin::of("https://mcp.example.org").unwrap()).unwrap()
    }

    fn document(changes: &Value) -> Result<Client, InvalidDocument> {
        let mut document = json!({
            "client_id": URL,
            "client_name": "App",
            "redirect_uris": ["https://app.example.com/cb"],
            "token_endpoint_auth_method": "none",
        });
        for (member, value) in changes.as_object().unwrap() {
            document[member] = value.clone();
        }
        parse_document(document.to_string().as_bytes(), &url(URL), &RedirectPolicy::default())
    }

    #[test]
    fn a_metadata_document_describes_a_public_client() {
        let client = document(&json!({"grant_types": ["authorization_code", "urn:x"], "scope": "openid"})).unwrap();
        assert_eq!(client.id.as_str(), URL);
        assert_eq!(client.kind, ClientKind::MetadataDocument);
        assert_eq!(client.name.as_ref().unwrap().as_str(), "App");
        assert!(!client.is_confidential());
        assert_eq!(client.redirect_uris.len(), 1);
    }

    #[test]
    fn a_metadata_document_must_have_its_url_as_client_id() {
        for (name, client_id) in [
            ("other", json!("https://other.example/client.json")),
            ("slash at the end", json!(format!("{URL}/"))),
            ("default port", json!("https://app.example.com:443/client.json")),
            ("upper case", json!("https://APP.example.com/client.json")),
            ("none", json!(null)),
        ] {
            assert_eq!(document(&json!({"client_id": client_id})).unwrap_err(), InvalidDocument::OtherClient, "{name}");
        }
    }

    #[test]
    fn an_unsafe_or_unusable_metadata_document_is_refused() {
        use InvalidDocument as E;
        for (name, changes, why) in [
            ("no name", json!({"client_name": null}), E::NoName),
            ("invisible name", json!({"client_name": "\u{200B}"}), E::NoName),
            ("no redirect URIs", json!({"redirect_uris": null}), E::NoRedirectUri),
            ("no acceptable redirect URI", json!({"redirect_uris": ["http://a.example/", "data:x"]}), E::NoRedirectUri),
            ("secret", json!({"client_secret": "x"}), E::SharedSecret),
            ("secret in the header", json!({"token_endpoint_auth_method": "client_secret_basic"}), E::SharedSecret),
            ("secret in a signature", json!({"token_endpoint_auth_method": "client_secret_jwt"}), E::SharedSecret),
            (
                "assertions without keys",
                json!({"token_endpoint_auth_method": "private_key_jwt"}),
                InvalidClientKeys::NotOne.into(),
            ),
            ("certificates", json!({"token_endpoint_auth_method": "tls_client_auth"}), E::AuthenticationMethod),
            ("implicit flow", json!({"response_types": ["token"]}), E::Flow),
            ("no code", json!({"grant_types": ["refresh_token"]}), E::Flow),
            (
                "wrong type",
                json!({"redirect_uris": "https://a.example"}),
                ClientRegistrationError::Type("redirect_uris").into(),
            ),
        ] {
            assert_eq!(document(&changes).unwrap_err(), why, "{name}");
        }
        let url = url(URL);
        for (body, why) in [
            (&b"<!doctype html>"[..], "syntax"),
            (b"", "too early"),
            (b"[]", "not an object"),
            (br#"{"client_name":"a","client_name":"b"}"#, "twice"),
            (format!("[{}]", vec![r#"{"":0}"#; 700].join(",")).as_bytes(), "more values"),
        ] {
            let error = parse_document(body, &url, &RedirectPolicy::default()).unwrap_err();
            assert!(matches!(error, InvalidDocument::Json(_)) && error.to_string().contains(why), "{error}");
        }
        let long = vec![b' '; MAX_DOCUMENT + 1];
        assert_eq!(parse_document(&long, &url, &RedirectPolicy::default()).unwrap_err(), InvalidDocument::TooLong);
    }

    #[test]
    fn a_client_that_lists_none_beside_private_key_jwt_may_use_either() {
        let changes = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://app.example.com/jwks",
            "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"]});
        let client = document(&changes).unwrap();
        assert_eq!(client.keys.as_ref().unwrap().proof, ClientProof::SecretOrNone);
        assert!(!client.is_confidential());
        let changes = json!({"token_endpoint_auth_methods_supported": ["none", "private_key_jwt"]});
        assert_eq!(document(&changes).unwrap().keys, None, "without keys it is public");
    }

    #[test]
    fn a_client_that_names_private_key_jwt_alone_must_use_it() {
        let at = json!({"jwks_uri": "https://app.example.com/jwks"});
        for (name, methods) in [
            ("preferred", json!({"token_endpoint_auth_method": "private_key_jwt"})),
            (
                "listed",
                json!({"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_methods_supported": ["private_key_jwt"]}),
            ),
        ] {
            let mut changes = at.clone();
            for (member, value) in methods.as_object().unwrap() {
                changes[member] = value.clone();
            }
            let client = document(&changes).unwrap();
            assert_eq!(client.proof(), ClientProof::PrivateKeyJwt, "{name}");
            assert!(client.is_confidential(), "{name}");
        }
    }

    #[test]
    fn a_client_without_shared_secrets_in_its_document_is_accepted() {
        assert!(document(&json!({"token_endpoint_auth_method": null, "client_secret": null, "jwks": null})).is_ok());
    }

    #[test]
    fn an_unacceptable_redirect_uri_in_a_metadata_document_is_ignored() {
        let client = document(&json!({"redirect_uris": ["myapp://cb", "http://127.0.0.1/callback"]})).unwrap();
        assert_eq!(client.redirect_uris.len(), 1);
    }

    proptest! {
        #[test]
        fn parsing_any_bytes_as_a_metadata_document_does_not_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_document(&body, &url(URL), &RedirectPolicy::default());
        }

    }
}
