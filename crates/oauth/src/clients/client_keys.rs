//! The public keys with which a client authenticates (`private_key_jwt`, RFC 7591 §2: `jwks`, `jwks_uri`,
//! `token_endpoint_auth_signing_alg`), whether they come from its metadata document or from the configuration.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use mcp_connector_base::identifier::ClientId;
use mcp_connector_base::json::Object;

use crate::clients::metadata_document::client_id_url::{ClientIdUrl, InvalidClientIdUrl};
use crate::external_issuer::keys::{Algorithm, ExternalKeys};
use crate::web::origin::Origin;

/// What a client has to prove itself with at the token endpoint. A later one is stronger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ClientProof {
    /// Its secret or, for a public client, nothing: PKCE protects its codes, and its refresh tokens are used once.
    #[default]
    SecretOrNone,
    /// An assertion that it signs with its private key.
    PrivateKeyJwt,
}

/// The keys of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientKeys {
    pub source: ClientKeySource,
    /// The only algorithm that the client signs with, if it names one.
    pub algorithm: Option<Algorithm>,
    /// What the client has to prove itself with. One that lists `none` beside `private_key_jwt` may use either.
    pub proof: ClientProof,
}

/// Where the keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientKeySource {
    /// In the metadata itself.
    Jwks(ExternalKeys),
    /// At a URL.
    JwksUri(JwksUri),
}

/// The URL of a client's keys: https on a public host, as for metadata documents. Whether the host is this server's own is
/// checked when the keys are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwksUri(ClientId);

/// Why metadata have no usable keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidClientKeys {
    /// There must be one of the two (RFC 7591 §2).
    #[error("private_key_jwt needs either jwks or jwks_uri")]
    NotOne,
    #[error("jwks has no public key that can be used: RSA of 2048 bits or more, P-256, or Ed25519")]
    NoKey,
    /// A private key was published, so that anybody can sign with it.
    #[error("jwks has a private key")]
    PrivateKey,
    #[error("jwks_uri: {0}")]
    Uri(#[from] InvalidClientIdUrl),
    #[error("token_endpoint_auth_signing_alg must be RS256, PS256, ES256 or EdDSA")]
    Algorithm,
    /// A member has the wrong type.
    #[error("{0} has the wrong type")]
    Type(&'static str),
}

impl ClientKeys {
    /// Reads the keys of a client from its metadata.
    pub(crate) fn read(metadata: &Object, proof: ClientProof) -> Result<Self, InvalidClientKeys> {
        let member = |name: &str| metadata.get(name).filter(|value| !value.is_null());
        let text = |name: &'static str| {
            let value = member(name);
            value.map(|value| value.as_str().ok_or(InvalidClientKeys::Type(name))).transpose()
        };
        let algorithm = text("token_endpoint_auth_signing_alg")?;
        let algorithm = algorithm.map(|name| Algorithm::parse(name).ok_or(InvalidClientKeys::Algorithm)).transpose()?;
        let source = match (member("jwks"), text("jwks_uri")?) {
            (Some(set), None) => ClientKeySource::Jwks(public_keys(set)?),
            (None, Some(url)) => ClientKeySource::JwksUri(JwksUri::parse(url)?),
            (Some(_), Some(_)) | (None, None) => return Err(InvalidClientKeys::NotOne),
        };
        Ok(Self { source, algorithm, proof })
    }
}

fn public_keys(set: &Value) -> Result<ExternalKeys, InvalidClientKeys> {
    let keys = set.get("keys").ok_or(InvalidClientKeys::Type("jwks"))?;
    let listed = keys.as_array().ok_or(InvalidClientKeys::Type("jwks"))?;
    if listed.iter().any(|key| key.get("d").is_some()) {
        return Err(InvalidClientKeys::PrivateKey);
    }
    let keys = ExternalKeys::of(keys).map_err(|_| InvalidClientKeys::Type("jwks"))?;
    if keys.is_empty() { Err(InvalidClientKeys::NoKey) } else { Ok(keys) }
}

impl JwksUri {
    /// Checks a URL by the rules of a metadata document's.
    ///
    /// # Errors
    ///
    /// Returns the [`InvalidClientIdUrl`] that says which rule the URL breaks.
    pub fn parse(text: &str) -> Result<Self, InvalidClientIdUrl> {
        let url = ClientId::new(text).map_err(|_| InvalidClientIdUrl::Host)?;
        ClientIdUrl::check(&url)?;
        Ok(Self(url))
    }

    /// Returns the URL to fetch. `own` is the origin of this server, from which a fetch would be a loop.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidClientIdUrl::Host`] if the URL is on this server.
    pub fn to_fetch(&self, own: &Origin) -> Result<ClientIdUrl, InvalidClientIdUrl> {
        ClientIdUrl::parse(&self.0, own)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(metadata: Value) -> Result<ClientKeys, InvalidClientKeys> {
        let Value::Object(metadata) = metadata else { panic!("an object") };
        ClientKeys::read(&metadata, ClientProof::PrivateKeyJwt)
    }

    #[test]
    fn the_keys_of_a_client_are_public_and_in_one_place() {
        use InvalidClientKeys as E;
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let key = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "1"});
        let private = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "d": x});
        let set = json!({"keys": [key]});
        let uri = "https://app.example.com/jwks.json";
        for (name, metadata, error) in [
            ("in the document", json!({"jwks": set, "jwks_uri": null}), None),
            ("at a URL", json!({"jwks_uri": uri, "token_endpoint_auth_signing_alg": "EdDSA"}), None),
            ("neither", json!({}), Some(E::NotOne)),
            ("both", json!({"jwks": set, "jwks_uri": uri}), Some(E::NotOne)),
            ("no keys", json!({"jwks": {"keys": []}}), Some(E::NoKey)),
            ("a shared secret", json!({"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}), Some(E::NoKey)),
            ("a private key", json!({"jwks": {"keys": [key, private]}}), Some(E::PrivateKey)),
            ("not a set", json!({"jwks": [key]}), Some(E::Type("jwks"))),
            ("a number", json!({"jwks_uri": 1}), Some(E::Type("jwks_uri"))),
            ("HS256", json!({"jwks": set, "token_endpoint_auth_signing_alg": "HS256"}), Some(E::Algorithm)),
            ("none", json!({"jwks": set, "token_endpoint_auth_signing_alg": "none"}), Some(E::Algorithm)),
            (
                "plain http",
                json!({"jwks_uri": "http://app.example.com/jwks"}),
                Some(E::Uri(InvalidClientIdUrl::NotHttps)),
            ),
            ("an address", json!({"jwks_uri": "https://10.0.0.1/jwks"}), Some(E::Uri(InvalidClientIdUrl::Host))),
            (
                "a private name",
                json!({"jwks_uri": "https://keys.internal/jwks"}),
                Some(E::Uri(InvalidClientIdUrl::Host)),
            ),
            (
                "another port",
                json!({"jwks_uri": "https://a.example:8443/jwks"}),
                Some(E::Uri(InvalidClientIdUrl::Port)),
            ),
        ] {
            assert_eq!(read(metadata).err(), error, "{name}");
        }
    }

    #[test]
    fn keys_are_not_fetched_from_this_server() {
        let own = Origin::of("https://mcp.example.com").unwrap();
        let uri = JwksUri::parse("https://mcp.example.com/jwks").unwrap();
        assert_eq!(uri.to_fetch(&own), Err(InvalidClientIdUrl::Host));
        assert!(JwksUri::parse("https://app.example.com/jwks").unwrap().to_fetch(&own).is_ok());
    }
}
