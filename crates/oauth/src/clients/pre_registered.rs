//! Clients that the owner of this server has named in its configuration: public ones, confidential ones (Claude's "Advanced
//! settings"), and services that act in their own name (`client_credentials`, RFC 6749 §4.4).
//!
//! The configuration is a JSON list; its members have the names of RFC 7591 §2, and `own_scopes` says what a client may ask
//! for in its own name:
//!
//! ```json
//! [{"client_id": "claude", "client_name": "Claude", "client_secret": "…",
//!   "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"]},
//!  {"client_id": "nightly", "jwks_uri": "https://jobs.example/jwks.json", "own_scopes": "notes:read"}]
//! ```
//!
//! Instead of a secret, a confidential client has the public keys with which it signs assertions (`private_key_jwt`): `jwks` or
//! `jwks_uri`.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use mcp_connector_base::identifier::{ClientId, InvalidIdentifier};
use mcp_connector_base::json::Object;
use mcp_connector_base::scope::{InvalidScope, ScopeSet};

use crate::clients::client::{Client, ClientKind, ClientName, ClientSecretHash};
use crate::clients::client_id::is_registered_form;
use crate::clients::client_keys::{ClientKeys, ClientProof, InvalidClientKeys};
use crate::clients::metadata_document::client_id_url::ClientIdUrl;
use crate::web::redirect_uri::{InvalidRedirectUri, RedirectPolicy, RedirectUri};

/// Maximum number of clients in a configuration.
const MAX_CLIENTS: usize = 64;
/// Minimum length of a secret, in bytes. It is compared by a plain hash, so it needs the entropy of a key.
const MIN_SECRET: usize = 24;

/// Why the configuration is invalid. The text names the place, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidClientConfig {
    /// The configuration is not a JSON list of such objects.
    #[error(
        "the clients must be a JSON list of objects with client_id and redirect_uris: line {line}, column {column}"
    )]
    Json { line: usize, column: usize },
    #[error("there are more than {MAX_CLIENTS} clients")]
    TooMany,
    /// One client is invalid. `number` counts from one.
    #[error("client number {number}: {error}")]
    Client { number: usize, error: ClientConfigError },
}

/// What is wrong with a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClientConfigError {
    #[error("client_id: {0}")]
    Id(#[from] InvalidIdentifier),
    /// `client_id` looks like that of another kind of client.
    #[error("client_id must not be a URL and not begin like a registered one")]
    ReservedId,
    /// Two clients have the same `client_id`.
    #[error("client_id is there twice")]
    DuplicateId,
    #[error("redirect_uris: {0}")]
    RedirectUri(#[from] InvalidRedirectUri),
    #[error("client_secret must have at least {MIN_SECRET} characters")]
    WeakSecret,
    #[error("own_scopes: {0}")]
    Scopes(#[from] InvalidScope),
    /// Only confidential clients act for themselves (RFC 6749 §4.4).
    #[error("own_scopes need a client_secret, jwks or jwks_uri")]
    PublicService,
    /// A confidential one without both can still exchange assertions of a trusted issuer.
    #[error("a client without a client_secret, jwks or jwks_uri needs redirect_uris")]
    Useless,
    #[error("a client has a client_secret or keys, not both")]
    TwoCredentials,
    #[error("{0}")]
    Keys(#[from] InvalidClientKeys),
}

/// An item of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    client_id: String,
    client_name: Option<String>,
    client_secret: Option<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    #[serde(default)]
    own_scopes: String,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
    token_endpoint_auth_signing_alg: Option<String>,
}

/// The clients of the configuration.
#[derive(Clone, Default)]
pub struct PreRegisteredClients(Vec<Client>);

impl PreRegisteredClients {
    /// Parses the configuration. An empty text names no clients.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidClientConfig::Json`] if the text is not a JSON list of clients,
    /// [`InvalidClientConfig::TooMany`] if it has more than 64, and [`InvalidClientConfig::Client`] for the first that
    /// is invalid or has the `client_id` of an earlier one.
    pub fn parse(json: &str, policy: &RedirectPolicy) -> Result<Self, InvalidClientConfig> {
        if json.trim().is_empty() {
            return Ok(Self::default());
        }
        let entries: Vec<Entry> = serde_json::from_slice(json.as_bytes())
            .map_err(|error| InvalidClientConfig::Json { line: error.line(), column: error.column() })?;
        if entries.len() > MAX_CLIENTS {
            return Err(InvalidClientConfig::TooMany);
        }
        let mut clients: Vec<Client> = Vec::with_capacity(entries.len());
        for (number, entry) in (1..).zip(entries) {
            let client = entry.client(policy).map_err(|error| InvalidClientConfig::Client { number, error })?;
            if clients.iter().any(|other| other.id == client.id) {
                return Err(InvalidClientConfig::Client { number, error: ClientConfigError::DuplicateId });
            }
            clients.push(client);
        }
        Ok(Self(clients))
    }

    /// Returns the client of this identifier.
    #[must_use]
    pub fn find(&self, id: &ClientId) -> Option<&Client> {
        self.0.iter().find(|client| client.id == *id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Client> {
        self.0.iter()
    }

    /// Returns whether one of the clients may act for itself.
    #[must_use]
    pub fn have_services(&self) -> bool {
        self.0.iter().any(|client| !client.own_scopes.is_empty())
    }
}

impl fmt::Debug for PreRegisteredClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PreRegisteredClients({})", self.0.len())
    }
}

impl Entry {
    fn client(self, policy: &RedirectPolicy) -> Result<Client, ClientConfigError> {
        let id = ClientId::new(&self.client_id)?;
        if is_registered_form(&id) || ClientIdUrl::is_url_form(&id) {
            return Err(ClientConfigError::ReservedId);
        }
        let secret = self.client_secret.as_deref();
        if secret.is_some_and(|secret| secret.len() < MIN_SECRET) {
            return Err(ClientConfigError::WeakSecret);
        }
        let keys = self.keys()?;
        if secret.is_some() && keys.is_some() {
            return Err(ClientConfigError::TwoCredentials);
        }
        let is_public = secret.is_none() && keys.is_none();
        let own_scopes = ScopeSet::parse(&self.own_scopes)?;
        if is_public && !own_scopes.is_empty() {
            return Err(ClientConfigError::PublicService);
        }
        if is_public && self.redirect_uris.is_empty() {
            return Err(ClientConfigError::Useless);
        }
        let redirect_uris: Result<Vec<RedirectUri>, InvalidRedirectUri> =
            self.redirect_uris.iter().map(|raw| RedirectUri::parse(raw, policy)).collect();
        Ok(Client {
            id,
            kind: ClientKind::PreRegistered,
            name: self.client_name.as_deref().and_then(ClientName::clean),
            redirect_uris: redirect_uris?,
            secrets: secret.map(ClientSecretHash::of).into_iter().collect(),
            keys,
            own_scopes,
        })
    }

    /// Returns the keys of the client, if it has any.
    fn keys(&self) -> Result<Option<ClientKeys>, InvalidClientKeys> {
        let mut members = Object::new();
        let text = |text: &Option<String>| text.clone().map(Value::String);
        let listed = [
            ("jwks", self.jwks.clone()),
            ("jwks_uri", text(&self.jwks_uri)),
            ("token_endpoint_auth_signing_alg", text(&self.token_endpoint_auth_signing_alg)),
        ];
        members.extend(listed.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        if members.is_empty() { Ok(None) } else { ClientKeys::read(&members, ClientProof::PrivateKeyJwt).map(Some) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clients::metadata_document::client_id_url::InvalidClientIdUrl;

    const SECRET: &str = "0123456789abcdef01234567";

    fn parse(clients: &serde_json::Value) -> Result<PreRegisteredClients, InvalidClientConfig> {
        PreRegisteredClients::parse(&clients.to_string(), &RedirectPolicy::default())
    }

    #[test]
    fn clients_come_from_the_configuration() {
        let clients = parse(&json!([
            {"client_id": "claude", "client_name": "Claude", "client_secret": SECRET,
             "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"]},
            {"client_id": "cli", "redirect_uris": ["http://127.0.0.1:3000/callback"]},
            {"client_id": "nightly", "client_secret": SECRET, "own_scopes": "notes:read"},
            {"client_id": "signer", "jwks_uri": "https://signer.example/jwks"},
        ]))
        .unwrap();
        let find = |id: &str| clients.find(&ClientId::new(id).unwrap());
        assert!(find("claude").unwrap().has_secret(SECRET));
        assert!(!find("cli").unwrap().is_confidential());
        assert_eq!(find("nightly").unwrap().own_scopes.as_str(), "notes:read");
        assert_eq!(find("signer").unwrap().proof(), ClientProof::PrivateKeyJwt);
        assert_eq!(find("cli").unwrap().kind, ClientKind::PreRegistered);
        assert!(find("other").is_none());
        assert!(clients.have_services());
    }

    #[test]
    fn no_configuration_names_no_clients() {
        for text in ["", " \n", "[]"] {
            let clients = PreRegisteredClients::parse(text, &RedirectPolicy::default()).unwrap();
            assert!(!clients.have_services(), "{text:?}");
        }
    }

    #[test]
    fn an_invalid_client_configuration_is_refused_with_its_position() {
        let https = ["https://a.example/cb"];
        for (name, client, error) in [
            ("no use", json!({"client_id": "a"}), ClientConfigError::Useless),
            (
                "weak secret",
                json!({"client_id": "a", "client_secret": "x", "redirect_uris": https}),
                ClientConfigError::WeakSecret,
            ),
            (
                "empty secret",
                json!({"client_id": "a", "client_secret": "", "redirect_uris": https}),
                ClientConfigError::WeakSecret,
            ),
            ("public service", json!({"client_id": "a", "own_scopes": "x"}), ClientConfigError::PublicService),
            (
                "secret and keys",
                json!({"client_id": "a", "client_secret": SECRET, "jwks_uri": "https://a.example/jwks"}),
                ClientConfigError::TwoCredentials,
            ),
            (
                "keys in two places",
                json!({"client_id": "a", "jwks_uri": "https://a.example/jwks", "jwks": {"keys": []}}),
                InvalidClientKeys::NotOne.into(),
            ),
            (
                "keys by http",
                json!({"client_id": "a", "jwks_uri": "http://a.example/jwks"}),
                InvalidClientKeys::Uri(InvalidClientIdUrl::NotHttps).into(),
            ),
            ("URL", json!({"client_id": "https://a.example/c", "redirect_uris": https}), ClientConfigError::ReservedId),
            ("registered form", json!({"client_id": "c1_x", "redirect_uris": https}), ClientConfigError::ReservedId),
            ("twice", json!({"client_id": "first", "redirect_uris": https}), ClientConfigError::DuplicateId),
            (
                "redirect URI",
                json!({"client_id": "a", "redirect_uris": ["http://a.example"]}),
                ClientConfigError::RedirectUri(InvalidRedirectUri::PlainHttp),
            ),
        ] {
            let first = json!({"client_id": "first", "redirect_uris": https});
            let refused = parse(&json!([first, client])).unwrap_err();
            assert_eq!(refused, InvalidClientConfig::Client { number: 2, error }, "{name}");
        }
        assert!(matches!(
            parse(&json!([{"client_id": "a", "redirect_uri": "x"}])),
            Err(InvalidClientConfig::Json { .. })
        ));
        let many: Vec<_> =
            (0..=MAX_CLIENTS).map(|n| json!({"client_id": n.to_string(), "redirect_uris": https})).collect();
        assert_eq!(parse(&json!(many)).unwrap_err(), InvalidClientConfig::TooMany);
    }

    #[test]
    fn an_error_of_the_client_configuration_shows_no_secret() {
        let text =
            format!("[{{\"client_id\": \"a\", \"client_secret\": \"{SECRET}\", \"client_secret\": \"{SECRET}\"}}]");
        let error = PreRegisteredClients::parse(&text, &RedirectPolicy::default()).unwrap_err();
        assert!(!error.to_string().contains(SECRET), "{error}");
    }
}
