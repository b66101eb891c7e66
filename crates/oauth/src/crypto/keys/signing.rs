//! The keys that sign access tokens. They change with the calendar.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_compact::alg::Hs256Key;
use jwt_compact::jwk::JsonWebKey;
use sha2::Sha256;

use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::keys::derivation::{DerivationKey, DerivationKeys};

/// How long one signing key signs, in seconds: ninety days.
pub const SIGNING_PERIOD: u64 = 90 * 24 * 3600;

/// The keys that sign and verify access tokens at one moment (HS256, RFC 7518 §3.2).
///
/// A signing key is used for one [`SIGNING_PERIOD`] of the calendar. The number of the period is part of the derivation, so all
/// isolates change keys in the same second and nothing is stored. The keys of the periods before and after are accepted too,
/// because clocks differ and because an access token may outlive the period in which it was signed.
pub struct SigningKeys {
    period: u64,
    current: SigningKey,
    /// The keys of the neighbouring periods, and of all three periods under previous master keys.
    others: Vec<SigningKey>,
}

/// A key that signs access tokens.
pub struct SigningKey {
    secret: Hs256Key,
    id: String,
    header: String,
}

impl SigningKey {
    fn derive(key: &DerivationKey, period: u64) -> Self {
        let secret = Hs256Key::new(key.expand(&format!("sign/hs256/{period}")));
        let id = URL_SAFE_NO_PAD.encode(JsonWebKey::from(&secret).thumbprint::<Sha256>());
        let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"HS256","kid":"{id}","typ":"at+jwt"}}"#));
        Self { secret, id, header }
    }

    /// Returns the secret, which must only be used to sign and verify.
    pub(crate) const fn secret(&self) -> &Hs256Key {
        &self.secret
    }

    /// Returns the `kid`: the thumbprint of the key (RFC 7638). It reveals nothing about a key of 256 random bits.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the encoded JOSE header of every token that is signed with this key.
    ///
    /// There is only one spelling. A token with another header was not issued here, whatever its `alg`, `typ` or `crit` says.
    #[must_use]
    pub fn header(&self) -> &str {
        &self.header
    }
}

impl SigningKeys {
    pub(crate) fn derive(keys: &DerivationKeys, now: Timestamp) -> Self {
        let period = period_of(now);
        let neighbours = [period + 1, period.saturating_sub(1)];
        let mut others: Vec<SigningKey> =
            neighbours.iter().map(|period| SigningKey::derive(&keys.current, *period)).collect();
        for previous in &keys.previous {
            let periods = [&[period], neighbours.as_slice()].concat();
            others.extend(periods.into_iter().map(|period| SigningKey::derive(previous, period)));
        }
        Self { period, current: SigningKey::derive(&keys.current, period), others }
    }

    /// Returns whether these are the keys of the period that contains `now`.
    #[must_use]
    pub const fn covers(&self, now: Timestamp) -> bool {
        self.period == period_of(now)
    }

    /// Returns the key that signs now.
    #[must_use]
    pub const fn current(&self) -> &SigningKey {
        &self.current
    }

    /// Returns the key whose tokens have this encoded header, if such tokens are accepted.
    #[must_use]
    pub fn find(&self, header: &str) -> Option<&SigningKey> {
        std::iter::once(&self.current).chain(&self.others).find(|key| key.header == header)
    }
}

const fn period_of(now: Timestamp) -> u64 {
    now.as_seconds() / SIGNING_PERIOD
}
