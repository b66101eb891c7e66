//! An OAuth client (RFC 6749 §2), whether it registered itself, has a metadata document, or is in the configuration. How it
//! authenticates is in [`client_authentication`](crate::clients::client_authentication).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use mcp_connector_base::identifier::ClientId;
use mcp_connector_base::scope::ScopeSet;

use crate::clients::client_keys::{ClientKeys, ClientProof};
use crate::web::redirect_uri::{RedirectKind, RedirectUri};

/// Maximum length of a name, in characters.
const MAX_NAME: usize = 64;

/// Where the description of a client comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ClientKind {
    /// Dynamic registration (RFC 7591). Everything is the client's own claim.
    Registered,
    /// A Client ID Metadata Document, published by the host of the identifier.
    MetadataDocument,
    /// The configuration of this server.
    PreRegistered,
}

/// How a client authenticates at the token endpoint (RFC 7591 §2, `token_endpoint_auth_method`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthenticationMethod {
    /// The client has no secret.
    None,
    /// The client sends its secret in the `Authorization` header.
    ClientSecretBasic,
    /// The client sends its secret in the body.
    ClientSecretPost,
}

impl AuthenticationMethod {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
        }
    }

    /// Parses the name in client metadata.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::None, Self::ClientSecretBasic, Self::ClientSecretPost].into_iter().find(|method| method.as_str() == name)
    }
}

/// The hash of a client's secret. The secrets have the entropy of a key, so a plain hash is sufficient.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecretHash([u8; 32]);

impl ClientSecretHash {
    /// Creates the hash of a secret.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// Returns whether `secret` has this hash. Compares in constant time.
    #[must_use]
    pub fn matches(&self, secret: &str) -> bool {
        Self::of(secret).0.ct_eq(&self.0).into()
    }
}

impl fmt::Debug for ClientSecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecretHash")
    }
}

/// The name of a client, fit to be displayed: one short line, without characters that are invisible or change the direction of
/// the text. It proves nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientName(String);

/// A name without visible characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a name has no visible characters")]
pub struct EmptyName;

impl ClientName {
    /// Returns what can be displayed of `raw`, or `None` if it has no visible characters.
    #[must_use]
    pub fn clean(raw: &str) -> Option<Self> {
        let visible: String = raw.chars().filter(|c| !is_deceptive(*c)).take(4 * MAX_NAME).collect();
        let words: Vec<&str> = visible.split_whitespace().collect();
        let name: String = words.join(" ").chars().take(MAX_NAME).collect();
        let name = name.trim_end();
        (!name.is_empty()).then(|| Self(name.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns whether a character must not be displayed: a control character other than white space, a zero-width character, or one
/// that changes the direction of the text (UTS #39, UAX #9).
fn is_deceptive(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(
            c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
                | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
        )
}

impl TryFrom<String> for ClientName {
    type Error = EmptyName;

    fn try_from(raw: String) -> Result<Self, EmptyName> {
        Self::clean(&raw).ok_or(EmptyName)
    }
}

impl From<ClientName> for String {
    fn from(name: ClientName) -> Self {
        name.0
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// An OAuth client.
#[derive(Clone, Debug)]
pub struct Client {
    pub id: ClientId,
    pub kind: ClientKind,
    pub name: Option<ClientName>,
    pub redirect_uris: Vec<RedirectUri>,
    /// The hashes of its secrets. There are several only while a key of this server is being replaced, and none for a public
    /// client.
    pub secrets: Vec<ClientSecretHash>,
    /// The keys with which it signs assertions (`private_key_jwt`), if it has any.
    pub keys: Option<ClientKeys>,
    /// The scopes that it may request for itself (`client_credentials`, RFC 6749 §4.4). Only the configuration sets them.
    pub own_scopes: ScopeSet,
}

/// Whether the owner of this server has ended a client for everybody. That is permanent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientStatus {
    Active,
    /// The client was ended. Nobody can allow it, and its grants end.
    Ended,
}

/// Why a redirect URI does not fit the client. Such a request is answered with a page, never with a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RedirectMismatch {
    #[error("The app asked for the answer to go to an address that it has not registered")]
    NotRegistered,
    /// The request has none, and the client does not have exactly one fixed URI.
    #[error("The app did not say where to send the answer")]
    Missing,
}

impl Client {
    /// Returns the redirect URI for a request with the URI `requested`. A request may omit it only if the client has one fixed
    /// URI (RFC 6749 §3.1.2.3). A loopback URI is not fixed, because its port is chosen later.
    ///
    /// # Errors
    ///
    /// Returns [`RedirectMismatch::NotRegistered`] if `requested` is not one of the client, and
    /// [`RedirectMismatch::Missing`] if there is none and the client does not have exactly one fixed URI.
    pub fn redirect_uri(&self, requested: Option<&RedirectUri>) -> Result<RedirectUri, RedirectMismatch> {
        if let Some(requested) = requested {
            let admitted = self.redirect_uris.iter().any(|registered| registered.admits(requested));
            return if admitted { Ok(requested.clone()) } else { Err(RedirectMismatch::NotRegistered) };
        }
        match self.redirect_uris.as_slice() {
            [only] if only.kind() != RedirectKind::Loopback => Ok(only.clone()),
            _ => Err(RedirectMismatch::Missing),
        }
    }

    /// Returns what the client has to prove itself with.
    #[must_use]
    pub fn proof(&self) -> ClientProof {
        self.keys.as_ref().map_or(ClientProof::SecretOrNone, |keys| keys.proof)
    }

    /// Returns whether the client has a secret or a private key, which it must use.
    #[must_use]
    pub fn is_confidential(&self) -> bool {
        !self.secrets.is_empty() || self.proof() == ClientProof::PrivateKeyJwt
    }

    #[must_use]
    pub fn has_secret(&self, secret: &str) -> bool {
        // All are compared, so that the time reveals nothing.
        self.secrets.iter().fold(false, |found, hash| hash.matches(secret) | found)
    }
}

/// Returns the SHA-256 of an identifier in base64url: 43 characters, where a key has a limit (KV: 512 bytes) and an identifier
/// may be a long URL.
#[must_use]
pub fn client_id_hash(id: &ClientId) -> String {
    let digest: [u8; 32] = Sha256::digest(id.as_str()).into();
    URL_SAFE_NO_PAD.encode(digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::redirect_uri::RedirectPolicy;

    fn uri(raw: &str) -> RedirectUri {
        RedirectUri::parse(raw, &RedirectPolicy::default()).unwrap()
    }

    fn client(redirect_uris: &[&str]) -> Client {
        Client {
            id: ClientId::new("c").unwrap(),
            kind: ClientKind::Registered,
            name: None,
            redirect_uris: redirect_uris.iter().map(|raw| uri(raw)).collect(),
            secrets: Vec::new(),
            keys: None,
            own_scopes: ScopeSet::empty(),
        }
    }

    #[test]
    fn a_client_is_redirected_only_to_a_registered_uri() {
        let client = client(&["https://a.example/cb", "http://localhost/cb"]);
        for (requested, admitted) in [
            ("https://a.example/cb", true),
            ("http://localhost:4711/cb", true),
            ("https://a.example/cb2", false),
            ("http://127.0.0.1:4711/cb", false),
        ] {
            let answer = client.redirect_uri(Some(&uri(requested)));
            assert_eq!(answer.is_ok(), admitted, "{requested}");
            if admitted {
                assert_eq!(
                    answer.unwrap().as_str(),
                    requested,
                    "the answer goes where the request says, port included"
                );
            }
        }
    }

    #[test]
    fn a_redirect_uri_may_be_left_out_only_if_one_fixed_uri_is_registered() {
        assert_eq!(client(&["https://a/cb"]).redirect_uri(None), Ok(uri("https://a/cb")));
        for several in [&["https://a/cb", "https://b/cb"][..], &["http://localhost/cb"], &[]] {
            assert_eq!(client(several).redirect_uri(None), Err(RedirectMismatch::Missing), "{several:?}");
        }
    }

    #[test]
    fn a_client_name_is_one_short_visible_line() {
        for (raw, clean) in [
            ("Claude", Some("Claude")),
            ("  Claude\r\n\t Code ", Some("Claude Code")),
            ("Клод 🦀", Some("Клод 🦀")),
            ("evil\u{202E}edualC", Some("eviledualC")),
            ("Cl\u{200B}aude\u{0}\u{7}", Some("Claude")),
            ("\u{FEFF}\u{2060}\u{3164}", None),
            ("", None),
            (" \n ", None),
        ] {
            assert_eq!(ClientName::clean(raw).as_ref().map(ClientName::as_str), clean, "{raw:?}");
        }
        assert_eq!(ClientName::clean(&"ö".repeat(10_000)).unwrap().as_str().chars().count(), MAX_NAME);
        let padded = format!("{} b", "a".repeat(MAX_NAME - 1));
        assert!(!ClientName::clean(&padded).unwrap().as_str().ends_with(' '), "cleaning twice changes nothing");
    }

    #[test]
    fn a_client_secret_is_compared_by_its_hash_and_hidden_from_debug_output() {
        let hash = ClientSecretHash::of("secret");
        assert!(hash.matches("secret"));
        assert!(!hash.matches("Secret") && !hash.matches(""));
        assert_eq!(format!("{hash:?}"), "ClientSecretHash");
    }

    #[test]
    fn a_client_hash_is_short_and_differs_with_the_identifier() {
        let long = ClientId::new(&format!("https://a.example/{}", "x".repeat(2000))).unwrap();
        assert_eq!(client_id_hash(&long).len(), 43);
        assert_ne!(client_id_hash(&long), client_id_hash(&ClientId::new("c").unwrap()));
    }
}
