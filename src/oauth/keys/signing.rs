//! The keys behind access tokens, which change with the calendar.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::ring::Masters;
use crate::oauth::Timestamp;
use crate::oauth::ed25519::{Ed25519, Seed};
use crate::oauth::jwks::{Jwk, Jwks};
use crate::oauth::outage::Outage;

/// How long one signing key signs, in seconds: ninety days.
pub const SIGNING_PERIOD: u64 = 90 * 24 * 3600;

/// The keys that sign and check access tokens, at one moment (Ed25519, RFC 8037).
///
/// A signing key lives for one [`SIGNING_PERIOD`] of the calendar and its number is part of the derivation, so all isolates
/// change at the same second and nobody has to remember anything. The next key is published one period ahead, and the
/// last one is accepted one period longer; an access token lives an hour.
pub struct SigningKeys {
    period: u64,
    seed: Seed,
    /// The one that signs now first.
    public: Vec<PublicKey>,
}

/// A key that an access token may be signed with.
pub struct PublicKey {
    key: [u8; 32],
    header: String,
}

impl PublicKey {
    fn new(key: [u8; 32]) -> Self {
        let kid = Jwk::ed25519_thumbprint(&key);
        let header = format!("{{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"{kid}\"}}");
        Self { key, header: URL_SAFE_NO_PAD.encode(header) }
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// The encoded header of every token that is signed with it. There is only one spelling: a token with another header is
    /// not ours, whatever it says, and nobody need read it.
    #[must_use]
    pub fn header(&self) -> &str {
        &self.header
    }
}

impl SigningKeys {
    pub(super) async fn derive(masters: &Masters, now: Timestamp, ed25519: &impl Ed25519) -> Result<Self, Outage> {
        let period = period_of(now);
        let mut public = Vec::new();
        for master in masters.all() {
            for period in [period, period.saturating_add(1), period.saturating_sub(1)] {
                public.push(PublicKey::new(ed25519.public_key(&master.seed(period)).await?));
            }
        }
        Ok(Self { period, seed: masters.current.seed(period), public })
    }

    /// Whether these are the right keys at `now`.
    #[must_use]
    pub const fn covers(&self, now: Timestamp) -> bool {
        self.period == period_of(now)
    }

    /// The key that signs now: its header for a new token, and its private half.
    pub(in crate::oauth) fn current(&self) -> Option<(&str, &Seed)> {
        Some((self.public.first()?.header(), &self.seed))
    }

    /// The key whose header this is, if a token may still be, or already, signed with it.
    #[must_use]
    pub fn find(&self, header: &str) -> Option<&PublicKey> {
        self.public.iter().find(|key| key.header == header)
    }

    /// The document at `jwks_uri`.
    #[must_use]
    pub fn jwks(&self) -> Jwks {
        Jwks { keys: self.public.iter().map(|key| Jwk::ed25519(&key.key)).collect() }
    }
}

const fn period_of(now: Timestamp) -> u64 {
    now.as_seconds().div_euclid(SIGNING_PERIOD)
}
