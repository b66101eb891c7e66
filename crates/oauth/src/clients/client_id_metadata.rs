//! Client ID Metadata Documents (draft-ietf-oauth-client-id-metadata-document, MCP "Client ID Metadata Documents"): the
//! identifier of a client is an https URL, and what stands there describes it.
//!
//! Anybody can make this server ask for a URL, so [`ClientIdUrl`] is the only type that may be asked for, and a document is
//! read only from a plain, small, direct answer. How long it may be used stands in `document_cache.rs`. The edge fetches with
//! `redirect: manual`, without credentials, and waits a few seconds at most.

use std::fmt;

use thiserror::Error;

use mcp_connector_base::identifier::ClientId;
use mcp_connector_base::json;
use mcp_connector_base::json::Object;
use mcp_connector_base::json::fault::JsonError;
use mcp_connector_base::json::limit::MemoryLimit;
use mcp_connector_base::scope::ScopeSet;

use crate::clients::client::{Client, ClientKind, ClientName};
use crate::clients::registration::{RegistrationError, text, texts};
use crate::web::origin::Origin;
use crate::web::redirect_uri::{RedirectPolicy, RedirectUri};
use crate::web::web_url::{Host, InvalidUrl, WebScheme, WebUrl, has_authority};

/// Longest document, in bytes (draft §6.6 recommends 5 KB).
pub const MAX_DOCUMENT: usize = 5 * 1024;
/// Most redirect URIs that are looked at.
const MAX_REDIRECT_URIS: usize = 32;
/// Names that lead nowhere public (RFC 6761, RFC 8375, ICANN's and common private ones): the last label, or the last two.
const PRIVATE_NAMES: [&str; 10] =
    ["localhost", "local", "internal", "home.arpa", "localdomain", "intranet", "private", "corp", "home", "lan"];

/// Why an identifier is not a URL that this server would ask for. Such a client is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidClientIdUrl {
    /// Not a URL.
    #[error(transparent)]
    Url(#[from] InvalidUrl),
    /// Not https.
    #[error("the URL of a client must begin with https://")]
    NotHttps,
    /// Draft §3: it has a path.
    #[error("the URL of a client must have a path")]
    NoPath,
    /// Draft §3: no fragment.
    #[error("the URL of a client must not have a fragment")]
    Fragment,
    /// Not written in the one canonical way: the document could not name it by the same bytes, or a fetch would go elsewhere.
    #[error("scheme and host of a client's URL must be in lower case")]
    NotCanonical,
    /// An address, this server, or a name that leads nowhere public.
    #[error("the URL of a client must be on a public host other than this one")]
    Host,
    /// Another port than 443.
    #[error("the URL of a client must use the port 443")]
    Port,
}

/// An identifier that is a URL which may be fetched. Compared byte for byte.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ClientIdUrl {
    id: ClientId,
    host: String,
}

impl ClientIdUrl {
    /// Whether an identifier has the form of a URL. Says nothing of whether it may be fetched.
    #[must_use]
    pub fn is_url_form(id: &ClientId) -> bool {
        has_authority(id.as_str())
    }

    /// Checks an identifier. `own` is the origin of this server: a fetch from there would be a loop.
    ///
    /// A query is let pass: the draft only advises against it, and it is no worse than a path.
    pub fn parse(id: &ClientId, own: &Origin) -> Result<Self, InvalidClientIdUrl> {
        let url = WebUrl::parse(id.as_str())?;
        if url.scheme != WebScheme::Https {
            return Err(InvalidClientIdUrl::NotHttps);
        }
        if matches!(url.path, "" | "/") {
            return Err(InvalidClientIdUrl::NoPath);
        }
        if url.fragment.is_some() {
            return Err(InvalidClientIdUrl::Fragment);
        }
        if url.port.is_some_and(|port| port != 443) {
            return Err(InvalidClientIdUrl::Port);
        }
        let Host::Name(host) = &url.host else { return Err(InvalidClientIdUrl::Host) };
        let own_host = WebUrl::parse(own.as_str()).is_ok_and(|own| own.host == url.host);
        if own_host || !is_public_name(host) {
            return Err(InvalidClientIdUrl::Host);
        }
        if url.raw_host != host || !id.as_str().starts_with("https://") {
            return Err(InvalidClientIdUrl::NotCanonical);
        }
        Ok(Self { id: id.clone(), host: host.clone() })
    }

    /// What to fetch.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.id.as_str()
    }

    /// The identifier.
    #[must_use]
    pub const fn id(&self) -> &ClientId {
        &self.id
    }

    /// Who answers for the document.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Debug for ClientIdUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a name has more than one label and does not end in a private one.
fn is_public_name(host: &str) -> bool {
    host.contains('.')
        && !PRIVATE_NAMES
            .into_iter()
            .any(|private| host.strip_suffix(private).is_some_and(|before| before.is_empty() || before.ends_with('.')))
}

/// Why an answer is not the description of the client. Nothing of the answer is kept, and the client is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidDocument {
    /// More than [`MAX_DOCUMENT`].
    #[error("the metadata document is too long")]
    TooLong,
    /// Not a JSON object, or one that names a member twice or holds too much.
    #[error("the metadata document is not a JSON object: {0}")]
    Json(JsonError),
    /// It describes another client (draft §4: compared byte for byte).
    #[error("client_id of the metadata document is not its URL")]
    OtherClient,
    /// MCP requires a name.
    #[error("the metadata document has no client_name")]
    NoName,
    /// None of its redirect URIs is acceptable here.
    #[error("the metadata document lists no redirect URI that is acceptable here")]
    NoRedirectUri,
    /// Draft §4.1: a document that everybody can read holds no shared secret.
    #[error("a metadata document must not rely on a shared secret")]
    SharedSecret,
    /// It can only authenticate in ways that are not offered.
    #[error("the client must be able to authenticate with the method none")]
    AuthenticationMethod,
    /// No code flow.
    #[error("the client does not use authorization_code and response_type code")]
    Flow,
    /// A member that is read has the wrong type.
    #[error(transparent)]
    Metadata(#[from] RegistrationError),
}

/// Reads the document that stands at `url`. Grants, scopes and other members that are not used here are ignored.
pub fn parse_document(body: &[u8], url: &ClientIdUrl, policy: &RedirectPolicy) -> Result<Client, InvalidDocument> {
    if body.len() > MAX_DOCUMENT {
        return Err(InvalidDocument::TooLong);
    }
    let document = json::read_object(body, MemoryLimit::of_text(MAX_DOCUMENT)).map_err(InvalidDocument::Json)?;
    if text(&document, "client_id")? != Some(url.as_str()) {
        return Err(InvalidDocument::OtherClient);
    }
    check_authentication(&document)?;
    for (member, wanted) in [("grant_types", "authorization_code"), ("response_types", "code")] {
        if texts(&document, member)?.is_some_and(|listed| !listed.contains(&wanted)) {
            return Err(InvalidDocument::Flow);
        }
    }
    let name = text(&document, "client_name")?.and_then(ClientName::clean).ok_or(InvalidDocument::NoName)?;
    // Unlike a registration, a document is written once for all servers: what is not acceptable here is left out.
    let listed = texts(&document, "redirect_uris")?.unwrap_or_default();
    let redirect_uris: Vec<RedirectUri> =
        listed.into_iter().take(MAX_REDIRECT_URIS).filter_map(|raw| RedirectUri::parse(raw, policy).ok()).collect();
    if redirect_uris.is_empty() {
        return Err(InvalidDocument::NoRedirectUri);
    }
    Ok(public_client(url, name, redirect_uris))
}

/// The client behind a document. Without shared secrets and signed assertions it is public: PKCE binds its codes.
pub(crate) fn public_client(url: &ClientIdUrl, name: ClientName, redirect_uris: Vec<RedirectUri>) -> Client {
    Client {
        id: url.id().clone(),
        kind: ClientKind::MetadataDocument,
        name: Some(name),
        redirect_uris,
        secrets: Vec::new(),
        own_scopes: ScopeSet::empty(),
    }
}

fn check_authentication(document: &Object) -> Result<(), InvalidDocument> {
    if document.contains_key("client_secret") || document.contains_key("client_secret_expires_at") {
        return Err(InvalidDocument::SharedSecret);
    }
    let preferred = text(document, "token_endpoint_auth_method")?.unwrap_or("none");
    if preferred.starts_with("client_secret") {
        return Err(InvalidDocument::SharedSecret);
    }
    // ChatGPT prefers signed assertions, and lists `none` among what it can do.
    let supported = texts(document, "token_endpoint_auth_methods_supported")?.unwrap_or_default();
    if preferred == "none" || supported.contains(&"none") { Ok(()) } else { Err(InvalidDocument::AuthenticationMethod) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const URL: &str = "https://app.example.com/client.json";

    fn own() -> Origin {
        Origin::of("https://mcp.example.org").unwrap()
    }

    fn url(text: &str) -> Result<ClientIdUrl, InvalidClientIdUrl> {
        ClientIdUrl::parse(&ClientId::new(text).unwrap(), &own())
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
        parse_document(document.to_string().as_bytes(), &url(URL).unwrap(), &RedirectPolicy::default())
    }

    #[test]
    fn urls_of_real_clients_may_be_fetched() {
        for (text, host) in [
            ("https://claude.ai/oauth/mcp-oauth-client-metadata", "claude.ai"),
            ("https://chatgpt.com/oauth/client.json", "chatgpt.com"),
            ("https://app.example.com:443/c", "app.example.com"),
            ("https://app.example.com/c?version=2", "app.example.com"),
            ("https://xn--bcher-kva.example/c", "xn--bcher-kva.example"),
        ] {
            assert_eq!(url(text).unwrap().host(), host, "{text}");
        }
    }

    #[test]
    fn urls_that_reach_inward_or_elsewhere_are_refused() {
        use InvalidClientIdUrl as E;
        for (name, text, why) in [
            ("http", "http://app.example.com/c", E::NotHttps),
            ("other scheme", "ftp://app.example.com/c", E::Url(InvalidUrl::Scheme)),
            ("no path", "https://app.example.com", E::NoPath),
            ("bare slash", "https://app.example.com/", E::NoPath),
            ("query without a path", "https://app.example.com?c", E::NoPath),
            ("fragment", "https://app.example.com/c#x", E::Fragment),
            ("empty fragment", "https://app.example.com/c#", E::Fragment),
            ("dot segment", "https://app.example.com/a/../c", E::Url(InvalidUrl::NotNormalized)),
            ("encoded dot segment", "https://app.example.com/%2e%2E/c", E::Url(InvalidUrl::NotNormalized)),
            ("user name", "https://claude.ai@evil.example/c", E::Url(InvalidUrl::UserInfo)),
            ("password", "https://a:b@app.example.com/c", E::Url(InvalidUrl::UserInfo)),
            ("other port", "https://app.example.com:8443/c", E::Port),
            ("port of ssh", "https://app.example.com:22/c", E::Port),
            ("IPv4", "https://93.184.216.34/c", E::Host),
            ("private IPv4", "https://10.0.0.1/c", E::Host),
            ("link-local IPv4", "https://169.254.169.254/latest/meta-data", E::Host),
            ("IPv6", "https://[2606:4700::1111]/c", E::Host),
            ("IPv6 loopback", "https://[::1]/c", E::Host),
            ("decimal address", "https://2130706433/c", E::Url(InvalidUrl::Host)),
            ("octal address", "https://0177.0.0.1/c", E::Url(InvalidUrl::Host)),
            ("localhost", "https://localhost/c", E::Host),
            ("below localhost", "https://app.localhost/c", E::Host),
            ("single label", "https://metadata/c", E::Host),
            ("local", "https://printer.local/c", E::Host),
            ("internal", "https://metadata.google.internal/c", E::Host),
            ("home.arpa", "https://router.home.arpa/c", E::Host),
            ("this server", "https://mcp.example.org/c", E::Host),
            ("this server with its port", "https://mcp.example.org:443/c", E::Host),
            ("dot at the end of the host", "https://localhost./c", E::Url(InvalidUrl::Host)),
            ("upper-case host", "https://App.example.com/c", E::NotCanonical),
            ("upper-case scheme", "HTTPS://app.example.com/c", E::NotCanonical),
            ("backslash", "https://app.example.com\\c", E::Url(InvalidUrl::Character)),
            ("missing slash", "https:/app.example.com/c", E::Url(InvalidUrl::Scheme)),
            ("space", "https://app.example.com/c d", E::Url(InvalidUrl::Character)),
        ] {
            assert_eq!(url(text).unwrap_err(), why, "{name}");
        }
        for text in ["https://notlocalhost.example/c", "https://local.example/c", "https://shop.milan/c"] {
            assert!(url(text).is_ok(), "{text}: a private name is a whole label at the end");
        }
    }

    #[test]
    fn a_document_describes_a_public_client() {
        let client = document(&json!({"grant_types": ["authorization_code", "urn:x"], "scope": "openid"})).unwrap();
        assert_eq!(client.id.as_str(), URL);
        assert_eq!(client.kind, ClientKind::MetadataDocument);
        assert_eq!(client.name.as_ref().unwrap().as_str(), "App");
        assert!(!client.is_confidential());
        assert_eq!(client.redirect_uris.len(), 1);
    }

    #[test]
    fn a_document_must_describe_the_client_that_is_asked_for() {
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
    fn a_document_is_refused_for_what_would_not_be_safe_or_not_work() {
        use InvalidDocument as E;
        for (name, changes, why) in [
            ("no name", json!({"client_name": null}), E::NoName),
            ("invisible name", json!({"client_name": "\u{200B}"}), E::NoName),
            ("no redirect URIs", json!({"redirect_uris": null}), E::NoRedirectUri),
            ("no acceptable redirect URI", json!({"redirect_uris": ["http://a.example/", "data:x"]}), E::NoRedirectUri),
            ("secret", json!({"client_secret": "x"}), E::SharedSecret),
            ("secret in the header", json!({"token_endpoint_auth_method": "client_secret_basic"}), E::SharedSecret),
            ("secret in a signature", json!({"token_endpoint_auth_method": "client_secret_jwt"}), E::SharedSecret),
            ("assertions only", json!({"token_endpoint_auth_method": "private_key_jwt"}), E::AuthenticationMethod),
            ("implicit flow", json!({"response_types": ["token"]}), E::Flow),
            ("no code", json!({"grant_types": ["refresh_token"]}), E::Flow),
            (
                "wrong type",
                json!({"redirect_uris": "https://a.example"}),
                RegistrationError::Type("redirect_uris").into(),
            ),
        ] {
            assert_eq!(document(&changes).unwrap_err(), why, "{name}");
        }
        let url = url(URL).unwrap();
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
    fn a_client_that_can_do_without_assertions_is_accepted() {
        let changes = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://app.example.com/jwks",
            "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"]});
        assert!(document(&changes).is_ok());
        assert!(document(&json!({"token_endpoint_auth_method": null, "client_secret": null, "jwks": null})).is_ok());
    }

    #[test]
    fn a_redirect_uri_that_is_not_acceptable_here_is_left_out() {
        let client = document(&json!({"redirect_uris": ["myapp://cb", "http://127.0.0.1/callback"]})).unwrap();
        assert_eq!(client.redirect_uris.len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_or_refused_without_a_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_document(&body, &url(URL).unwrap(), &RedirectPolicy::default());
        }

        #[test]
        fn a_url_that_may_be_fetched_is_https_on_a_public_name(text in "https?://[a-z0-9.:@\\[\\]%-]{1,20}/[a-z.%#?/]{0,8}") {
            if let Ok(url) = url(&text) {
                prop_assert!(url.as_str().starts_with("https://"));
                prop_assert!(url.host().contains('.') && !url.host().ends_with("localhost"));
                prop_assert!(url.host().parse::<std::net::IpAddr>().is_err());
                prop_assert!(!url.as_str().contains(['#', '@']));
            }
        }
    }
}
