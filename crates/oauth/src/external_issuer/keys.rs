//! The keys of an external issuer (RFC 7517, RFC 7518, RFC 8037): which can be used, and when to fetch them again.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use thiserror::Error;

use mcp_connector_base::timestamp::Timestamp;

use crate::web::json_object::Object;

/// Maximum size of a key set, in bytes.
pub const MAX_KEY_SET: usize = 64 * 1024;
/// Maximum number of keys in a set.
const MAX_KEYS: usize = 64;
/// Maximum length of a `kid`, in bytes.
const MAX_KEY_ID: usize = 256;
/// Length of the modulus of an RSA key, in bytes: 2048 to 8192 bits.
const RSA_MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// How long a key set is used without a fetch, in seconds. The cache headers choose within this range.
const FRESH: std::ops::RangeInclusive<u64> = 300..=86_400;
/// How long a key set without cache headers is used, in seconds.
const FRESH_BY_DEFAULT: u64 = 3600;
/// How long a stale key set is used while its host does not answer, in seconds.
const USABLE_ON_ERROR: u64 = 86_400;
/// Minimum time between two fetches for unknown keys, in seconds. Anybody can invent a `kid`.
const COOLDOWN: u64 = 30;

/// A signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// ECDSA on P-256 with SHA-256. The signature is R and S.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    pub const ALL: [Self; 4] = [Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];

    /// Returns the name of the algorithm in a header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Returns the length of a signature in bytes, or `None` if the key determines it.
    #[must_use]
    pub const fn signature_length(self) -> Option<usize> {
        match self {
            Self::Rs256 | Self::Ps256 => None,
            Self::Es256 | Self::EdDsa => Some(64),
        }
    }

    /// Parses the name in a header. `Ed25519` is the newer name of `EdDSA` with that curve.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = if name == "Ed25519" { "EdDSA" } else { name };
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// The numbers of a public key in base64url. Their lengths have been checked.
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

    /// Returns a JSON Web Key with nothing but the key, for the platform's import.
    #[must_use]
    pub fn to_jwk(&self) -> String {
        let jwk = match self {
            Self::Rsa { n, e } => json!({"kty": "RSA", "n": n, "e": e}),
            Self::P256 { x, y } => json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}),
            Self::Ed25519 { x } => json!({"kty": "OKP", "crv": "Ed25519", "x": x}),
        };
        jwk.to_string()
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

/// A public key that verifies signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalKey {
    id: Option<String>,
    only: Option<Algorithm>,
    material: KeyMaterial,
}

impl ExternalKey {
    /// Reads a key. Returns `None` for a key that is not for signatures, of an unsupported kind, too weak, or private.
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

/// A document that is not a key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the keys of the issuer are not a JSON Web Key Set")]
pub struct InvalidKeySet;

impl ExternalKeys {
    /// Parses a key set. Keys that cannot be used are ignored, and so are all keys with a repeated `kid`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidKeySet`] if the document is longer than [`MAX_KEY_SET`], or is not a JSON object with a list
    /// `keys`.
    pub fn parse(document: &[u8]) -> Result<Self, InvalidKeySet> {
        if document.len() > MAX_KEY_SET {
            return Err(InvalidKeySet);
        }
        let set = Object::parse(document).map_err(|_| InvalidKeySet)?;
        Self::of(set.get("keys").ok_or(InvalidKeySet)?)
    }

    /// Reads the member `keys` of a key set that is part of another document.
    pub(crate) fn of(keys: &Value) -> Result<Self, InvalidKeySet> {
        let keys = keys.as_array().ok_or(InvalidKeySet)?;
        let named = |id: &str| keys.iter().filter(|key| key.get("kid").and_then(Value::as_str) == Some(id)).count();
        let usable = keys.iter().take(MAX_KEYS).filter_map(ExternalKey::parse);
        Ok(Self(usable.filter(|key| key.id.as_deref().is_none_or(|id| named(id) == 1)).collect()))
    }

    /// Returns whether no key can be used.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the key for a token: the key that it names or, if it names none, the only one that fits.
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

/// A key set and its age, cached per isolate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyCache {
    keys: ExternalKeys,
    fetched_at: Timestamp,
    fresh_until: Timestamp,
    tried_at: Timestamp,
}

/// Whether to fetch the keys again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refetch {
    /// Use the cached keys.
    No,
    /// Fetch. If that fails, use the cached keys.
    Try,
    /// Fetch. If that fails, tokens cannot be verified: 503.
    Must,
}

impl KeyCache {
    /// Caches keys that were just fetched. `max_age` comes from the cache headers.
    #[must_use]
    pub fn new(keys: ExternalKeys, max_age: Option<u64>, now: Timestamp) -> Self {
        let fresh = max_age.unwrap_or(FRESH_BY_DEFAULT).clamp(*FRESH.start(), *FRESH.end());
        Self { keys, fetched_at: now, fresh_until: now.plus(fresh), tried_at: now }
    }

    #[must_use]
    pub const fn keys(&self) -> &ExternalKeys {
        &self.keys
    }

    /// Returns whether to fetch the keys before a token is verified.
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

    /// Returns whether to fetch the keys because a token names an unknown one.
    #[must_use]
    pub fn for_unknown_key(&self, now: Timestamp) -> Refetch {
        if now.seconds_since(self.tried_at) < COOLDOWN { Refetch::No } else { Refetch::Try }
    }

    /// Returns whether the last fetch failed. Then an unknown key may be one that could not be fetched.
    #[must_use]
    pub fn last_fetch_failed(&self) -> bool {
        self.tried_at > self.fetched_at
    }

    /// Records that a fetch failed, so that not every request repeats it.
    pub const fn failed(&mut self, now: Timestamp) {
        self.tried_at = now;
    }
}

#[cfg(test)]
mod tests;
