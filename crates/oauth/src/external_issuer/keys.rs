//! The keys of a foreign issuer (RFC 7517, RFC 7518, RFC 8037): which are usable for what, and when to ask for them again.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use thiserror::Error;

use mcp_connector_base::timestamp::Timestamp;

use crate::web::json_object::Object;

/// Maximum size of a key set, in bytes.
pub const MAX_KEY_SET: usize = 64 * 1024;
/// Maximum number of keys.
const MAX_KEYS: usize = 64;
/// Maximum length of a name of a key.
const MAX_KEY_ID: usize = 256;
/// Modulus of an RSA key, in bytes: 2048 to 8192 bits.
const RSA_MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// How long a key set is used without asking, in seconds, whatever its host says.
const FRESH: std::ops::RangeInclusive<u64> = 300..=86_400;
/// If its host says nothing.
const FRESH_BY_DEFAULT: u64 = 3600;
/// How long it is still used when its host does not answer.
const USABLE_ON_ERROR: u64 = 86_400;
/// An unknown key is asked for once in so many seconds: anybody can make up names.
const COOLDOWN: u64 = 30;

/// A signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// ECDSA on P-256 with SHA-256; the signature is R and S.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];

    /// Returns the name in a header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Returns how long a signature is, in bytes; none where the key decides.
    #[must_use]
    pub const fn signature_length(self) -> Option<usize> {
        match self {
            Self::Rs256 | Self::Ps256 => None,
            Self::Es256 | Self::EdDsa => Some(64),
        }
    }

    /// From the name in a header. `Ed25519` is the newer name of the same thing.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = if name == "Ed25519" { "EdDSA" } else { name };
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// The numbers of a public key, in base64url, checked to have the right size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyMaterial {
    Rsa {
        n: String,
        e: String,
    },
    /// A point on P-256.
    P256 {
        x: String,
        y: String,
    },
    /// A point on edwards25519.
    Ed25519 {
        x: String,
    },
}

impl KeyMaterial {
    fn parse(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let number = |name: &str| text(name).map(str::to_owned);
        let material = match (text("kty")?, text("crv")) {
            ("RSA", _) => Self::Rsa { n: number("n")?, e: number("e")? },
            ("EC", Some("P-256")) => Self::P256 { x: number("x")?, y: number("y")? },
            ("OKP", Some("Ed25519")) => Self::Ed25519 { x: number("x")? },
            _ => return None,
        };
        material.is_sound().then_some(material)
    }

    /// As a JSON Web Key with nothing but the key in it, as the platform imports it.
    #[must_use]
    pub fn to_jwk(&self) -> String {
        // The numbers are base64url, so nothing has to be escaped.
        match self {
            Self::Rsa { n, e } => format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#),
            Self::P256 { x, y } => format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#),
            Self::Ed25519 { x } => format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#),
        }
    }

    fn is_sound(&self) -> bool {
        let length = |text: &str| URL_SAFE_NO_PAD.decode(text).map(|bytes| bytes.len());
        match self {
            Self::Rsa { n, e } => {
                let modulus = URL_SAFE_NO_PAD.decode(n).unwrap_or_default();
                let exponent = URL_SAFE_NO_PAD.decode(e).unwrap_or_default();
                RSA_MODULUS.contains(&modulus.len())
                    && modulus.first() != Some(&0)
                    && matches!(exponent.as_slice(), [3] | [1, 0, 1])
            }
            Self::P256 { x, y } => length(x) == Ok(32) && length(y) == Ok(32),
            Self::Ed25519 { x } => length(x) == Ok(32),
        }
    }

    const fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa { .. } => matches!(algorithm, Algorithm::Rs256 | Algorithm::Ps256),
            Self::P256 { .. } => matches!(algorithm, Algorithm::Es256),
            Self::Ed25519 { .. } => matches!(algorithm, Algorithm::EdDsa),
        }
    }
}

/// A key that may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalKey {
    id: Option<String>,
    only: Option<Algorithm>,
    material: KeyMaterial,
}

impl ExternalKey {
    /// Reads one key; none if it is not for signatures, of a kind we do not check, too weak, or holds a private part.
    fn parse(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let for_signatures = text("use").is_none_or(|purpose| purpose == "sig");
        let may_verify = match value.get("key_ops") {
            None => true,
            Some(operations) => operations.as_array()?.iter().any(|operation| operation == "verify"),
        };
        let is_public = ["d", "p", "q", "k"].iter().all(|member| value.get(member).is_none());
        let only = match value.get("alg") {
            None => None,
            Some(name) => Some(Algorithm::parse(name.as_str()?)?),
        };
        let material = KeyMaterial::parse(value)?;
        let id = text("kid").map(str::to_owned);
        let fits = only.is_none_or(|algorithm| material.fits(algorithm));
        let named = id.as_ref().is_none_or(|id| id.len() <= MAX_KEY_ID);
        (for_signatures && may_verify && is_public && fits && named).then_some(Self { id, only, material })
    }

    #[must_use]
    pub const fn material(&self) -> &KeyMaterial {
        &self.material
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        self.material.fits(algorithm) && self.only.is_none_or(|only| only == algorithm)
    }
}

/// The usable keys of an issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExternalKeys(Vec<ExternalKey>);

/// Not a key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the keys of the issuer are not a JSON Web Key Set")]
pub struct InvalidKeySet;

impl ExternalKeys {
    /// Reads a key set. Keys we cannot use are left out; of two with the same name, both.
    pub fn parse(document: &[u8]) -> Result<Self, InvalidKeySet> {
        if document.len() > MAX_KEY_SET {
            return Err(InvalidKeySet);
        }
        let set = Object::parse(document).map_err(|_| InvalidKeySet)?;
        let keys = set.get("keys").and_then(Value::as_array).ok_or(InvalidKeySet)?;
        let named = |id: &str| keys.iter().filter(|key| key.get("kid").and_then(Value::as_str) == Some(id)).count();
        let usable = keys.iter().take(MAX_KEYS).filter_map(ExternalKey::parse);
        Ok(Self(usable.filter(|key| key.id.as_deref().is_none_or(|id| named(id) == 1)).collect()))
    }

    /// Returns the key for a token: the one it names; if it names none, the only one that fits.
    #[must_use]
    pub fn select(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&ExternalKey> {
        let mut fitting =
            self.0.iter().filter(|key| key.fits(algorithm)).filter(|key| id.is_none() || key.id.as_deref() == id);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Some(key),
            _ => None,
        }
    }
}

/// A key set, and how old it is. Kept per isolate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyCache {
    keys: ExternalKeys,
    fetched_at: Timestamp,
    fresh_until: Timestamp,
    tried_at: Timestamp,
}

/// Whether to ask for the keys again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refetch {
    /// No: what is there is good.
    No,
    /// Yes. If that fails, what is there still serves.
    Try,
    /// Yes. If that fails, nobody can tell what a token is worth: 503.
    Must,
}

impl KeyCache {
    /// Keys that were just fetched. `max_age` is what their host says.
    #[must_use]
    pub fn new(keys: ExternalKeys, max_age: Option<u64>, now: Timestamp) -> Self {
        let fresh = max_age.unwrap_or(FRESH_BY_DEFAULT).clamp(*FRESH.start(), *FRESH.end());
        Self { keys, fetched_at: now, fresh_until: now.plus(fresh), tried_at: now }
    }

    #[must_use]
    pub const fn keys(&self) -> &ExternalKeys {
        &self.keys
    }

    /// Returns whether to ask for them again before a token is checked.
    #[must_use]
    pub fn before_use(&self, now: Timestamp) -> Refetch {
        if now < self.fresh_until {
            return Refetch::No;
        }
        if now >= self.fresh_until.plus(USABLE_ON_ERROR) {
            return Refetch::Must;
        }
        if now.seconds_since(self.tried_at) < COOLDOWN { Refetch::No } else { Refetch::Try }
    }

    /// Returns whether to ask for them again because a token names a key that is not there.
    #[must_use]
    pub fn for_unknown_key(&self, now: Timestamp) -> Refetch {
        if now.seconds_since(self.tried_at) < COOLDOWN { Refetch::No } else { Refetch::Try }
    }

    /// Returns whether the last time of asking failed: then a key that is not there may be one that could not be fetched.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.tried_at > self.fetched_at
    }

    /// Remembers that asking has failed, so that it is not done for every request.
    pub const fn failed(&mut self, now: Timestamp) {
        self.tried_at = now;
    }
}

#[cfg(test)]
mod tests;
