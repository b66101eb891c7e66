//! Every key of this server, derived from one master key by HKDF-SHA256 (RFC 5869), each for one purpose. Deriving costs
//! microseconds, so nothing but the master key is ever stored, and all isolates agree without asking each other.
//!
//! Two rotations, both with overlap. Signing keys change with the calendar, see [`SigningKeys`]. The master key changes when
//! somebody changes it: the old one stays in the ring as a previous one, good for checking what it made and for nothing new.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use thiserror::Error;
use zeroize::Zeroize;

use super::ed25519::{Ed25519, Seed};
use super::jwks::{Jwk, Jwks};
use super::outage::Outage;
use super::{Random, Timestamp};

type HmacSha256 = Hmac<Sha256>;

/// Previous master keys that are still honoured.
pub const MAX_PREVIOUS_KEYS: usize = 2;
/// How long one signing key signs, in seconds: ninety days.
pub const SIGNING_PERIOD: u64 = 90 * 24 * 3600;

/// What stood in front of the text of a kept key at first: version 1, 44 characters.
const FIRST_KEPT: [u8; 2] = [1, 44];
/// Shortest tag that [`MacKey::verify`] takes: 64 bits, more than can be guessed over a network.
const SHORTEST_TAG: usize = 8;

/// The one secret: 32 random bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey([u8; 32]);

/// A text that is no master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a master key is 32 random bytes, written in base64 or as 64 hexadecimal digits")]
pub struct InvalidMasterKey;

impl MasterKey {
    /// A new one.
    #[must_use]
    pub fn generate(random: &impl Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// Reads what a person put into a secret: base64 in either alphabet, padded or not, or hexadecimal digits; surrounding
    /// white space (a newline, from `echo`) does not count.
    pub fn parse(text: &str) -> Result<Self, InvalidMasterKey> {
        let text = text.trim();
        let mut bytes = [0; 32];
        if text.len() == 64 {
            decode_hex(text, &mut bytes).ok_or(InvalidMasterKey)?;
        } else {
            let unpadded = text.trim_end_matches('=');
            let url_alphabet = unpadded.replace('+', "-").replace('/', "_");
            let decoded = URL_SAFE_NO_PAD.decode_slice(&url_alphabet, &mut bytes).map_err(|_| InvalidMasterKey)?;
            if decoded != 32 {
                return Err(InvalidMasterKey);
            }
        }
        if bytes.iter().all(|byte| *byte == 0) {
            return Err(InvalidMasterKey);
        }
        Ok(Self(bytes))
    }

    /// The text that [`parse`](Self::parse) reads.
    #[must_use]
    pub fn expose(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// How the key is kept: the bytes of its text and nothing else, so that nothing about it can ever need another version.
    #[must_use]
    pub fn to_kept(&self) -> Vec<u8> {
        self.expose().into_bytes()
    }

    /// Reads what [`to_kept`](Self::to_kept) gave, or what the first version of this program kept: the same text behind the
    /// byte of that version and its length.
    pub fn from_kept(bytes: &[u8]) -> Result<Self, InvalidMasterKey> {
        let text = bytes.strip_prefix(&FIRST_KEPT).unwrap_or(bytes);
        Self::parse(std::str::from_utf8(text).map_err(|_| InvalidMasterKey)?)
    }
}

impl Drop for MasterKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// All keys, derived from the current master key and from those before it.
pub struct KeyRing {
    masters: Masters,
    client_id: MacKey,
    routing: MacKey,
    passphrase: MacKey,
    seal: CipherKeys,
}

impl KeyRing {
    /// Derives everything. Of `previous`, newest first, only [`MAX_PREVIOUS_KEYS`] count.
    #[must_use]
    pub fn new(current: &MasterKey, previous: &[MasterKey]) -> Self {
        let masters = Masters {
            current: extract(current),
            previous: previous.iter().take(MAX_PREVIOUS_KEYS).map(extract).collect(),
        };
        Self {
            client_id: masters.mac("client-id"),
            routing: masters.mac("routing"),
            passphrase: masters.mac("passphrase"),
            seal: masters.cipher("seal"),
            masters,
        }
    }

    /// Authenticates the identifiers that registration gives out, and makes their secrets.
    #[must_use]
    pub const fn client_id(&self) -> &MacKey {
        &self.client_id
    }

    /// Authenticates codes and refresh tokens, so that a forged one costs no storage request.
    #[must_use]
    pub const fn routing(&self) -> &MacKey {
        &self.routing
    }

    /// Compares passphrases, and makes the epoch of one.
    #[must_use]
    pub const fn passphrase(&self) -> &MacKey {
        &self.passphrase
    }

    /// Encrypts what travels through a browser.
    #[must_use]
    pub const fn seal(&self) -> &CipherKeys {
        &self.seal
    }

    /// The signing keys of this moment. Keep them while they [cover](SigningKeys::covers) the time.
    pub async fn signing(&self, now: Timestamp, ed25519: &impl Ed25519) -> Result<SigningKeys, Outage> {
        SigningKeys::derive(&self.masters, now, ed25519).await
    }
}

/// A key for HMAC-SHA256, with those it replaced.
#[derive(Clone)]
pub struct MacKey {
    current: HmacSha256,
    previous: Vec<HmacSha256>,
}

impl MacKey {
    /// The tag of `parts` under the current key. Parts cannot run into each other: each is preceded by its length.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        absorb(&self.current, parts).finalize().into_bytes().into()
    }

    /// The tags of `parts` under every key, the current one first.
    pub(crate) fn tags(&self, parts: &[&[u8]]) -> Vec<[u8; 32]> {
        self.keys().map(|key| absorb(key, parts).finalize().into_bytes().into()).collect()
    }

    /// Whether `tag`, or the beginning of one (8 bytes at least), was made of `parts` with any of the keys. Takes the same
    /// time whatever is wrong.
    #[must_use]
    pub fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        tag.len() >= SHORTEST_TAG && self.keys().any(|key| absorb(key, parts).verify_truncated_left(tag).is_ok())
    }

    fn keys(&self) -> impl Iterator<Item = &HmacSha256> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

/// A key for authenticated encryption, with those it replaced. [`Seal`](super::seal) knows what to do with it.
#[derive(Clone)]
pub struct CipherKeys {
    current: [u8; 32],
    previous: Vec<[u8; 32]>,
}

impl CipherKeys {
    pub(super) const fn current(&self) -> &[u8; 32] {
        &self.current
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &[u8; 32]> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

impl Drop for CipherKeys {
    fn drop(&mut self) {
        self.current.zeroize();
        self.previous.zeroize();
    }
}

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
    async fn derive(masters: &Masters, now: Timestamp, ed25519: &impl Ed25519) -> Result<Self, Outage> {
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
    pub(super) fn current(&self) -> Option<(&str, &Seed)> {
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

struct Masters {
    current: Prk,
    previous: Vec<Prk>,
}

impl Masters {
    /// The current one first.
    fn all(&self) -> impl Iterator<Item = &Prk> {
        std::iter::once(&self.current).chain(&self.previous)
    }

    fn mac(&self, label: &str) -> MacKey {
        let key = |prk: &Prk| hmac(&prk.expand(label));
        MacKey { current: key(&self.current), previous: self.previous.iter().map(key).collect() }
    }

    fn cipher(&self, label: &str) -> CipherKeys {
        CipherKeys {
            current: self.current.expand(label),
            previous: self.previous.iter().map(|prk| prk.expand(label)).collect(),
        }
    }
}

/// The pseudorandom key of HKDF, ready to be expanded.
struct Prk(HmacSha256);

/// HKDF-Extract. The salt separates this program from others that may be given the same secret.
fn extract(master: &MasterKey) -> Prk {
    extract_with(b"mcp-connector/v1", &master.0)
}

fn extract_with(salt: &[u8], secret: &[u8]) -> Prk {
    let prk: [u8; 32] = absorb_raw(hmac(salt), &[secret]).finalize().into_bytes().into();
    Prk(hmac(&prk))
}

impl Prk {
    /// HKDF-Expand for one block, which is all that 32 bytes need: `T(1) = HMAC(PRK, info ‖ 0x01)`.
    fn expand(&self, info: &str) -> [u8; 32] {
        self.expand_bytes(info.as_bytes())
    }

    fn expand_bytes(&self, info: &[u8]) -> [u8; 32] {
        absorb_raw(self.0.clone(), &[info, &[1]]).finalize().into_bytes().into()
    }

    fn seed(&self, period: u64) -> Seed {
        Seed::new(self.expand(&format!("sign/ed25519/{period}")))
    }
}

/// HMAC-SHA256 keyed with up to 64 bytes. Zeros at the end of a key mean nothing to HMAC (RFC 2104 §2), so the constructor
/// that wants a whole block serves, and cannot fail.
fn hmac(key: &[u8]) -> HmacSha256 {
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let hmac = <HmacSha256 as KeyInit>::new(&block.into());
    block.zeroize();
    hmac
}

fn absorb_raw(mut hmac: HmacSha256, parts: &[&[u8]]) -> HmacSha256 {
    for part in parts {
        hmac.update(part);
    }
    hmac
}

fn absorb(key: &HmacSha256, parts: &[&[u8]]) -> HmacSha256 {
    let mut hmac = key.clone();
    for part in parts {
        hmac.update(&(part.len() as u64).to_be_bytes());
        hmac.update(part);
    }
    hmac
}

fn decode_hex(text: &str, bytes: &mut [u8; 32]) -> Option<()> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)?.checked_mul(16)?.checked_add(digit(*low)?)?;
    }
    Some(())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::oauth::ed25519::tests::{Native, done};

    /// The same bytes again and again, each draw different from the last.
    pub(in crate::oauth) struct Counting(std::cell::Cell<u64>);

    impl Counting {
        pub(in crate::oauth) const fn from(seed: u64) -> Self {
            Self(std::cell::Cell::new(seed))
        }
    }

    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for chunk in bytes.chunks_mut(32) {
                self.0.set(self.0.get().wrapping_add(1));
                let block: [u8; 32] =
                    absorb_raw(hmac(b"test"), &[&self.0.get().to_be_bytes()]).finalize().into_bytes().into();
                chunk.copy_from_slice(&block[..chunk.len()]);
            }
        }
    }

    pub(in crate::oauth) fn ring(seed: u64) -> KeyRing {
        KeyRing::new(&master(seed), &[])
    }

    pub(in crate::oauth) fn signing(ring: &KeyRing, now: Timestamp) -> SigningKeys {
        done(ring.signing(now, &Native)).unwrap()
    }

    /// The header of what is signed now.
    fn current(ring: &KeyRing, now: Timestamp) -> String {
        signing(ring, now).current().unwrap().0.to_owned()
    }

    pub(in crate::oauth) fn master(seed: u64) -> MasterKey {
        MasterKey::generate(&Counting::from(seed.wrapping_mul(1000)))
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }

    const DAY: u64 = 24 * 3600;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn hkdf_gives_the_test_vector_of_rfc_5869() {
        // Appendix A.1; the first 32 of its 42 bytes.
        let prk = extract_with(&(0..=0x0c).collect::<Vec<u8>>(), &[0x0b; 22]);
        let okm = prk.expand_bytes(&(0xf0..=0xf9).collect::<Vec<u8>>());
        let hex = hex(&okm);
        assert_eq!(hex, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
    }

    #[test]
    fn a_kept_master_key_is_read_whatever_the_version_of_everything_else() {
        let key = master(1);
        let text = key.expose();
        assert_eq!(key.to_kept(), text.as_bytes(), "no version stands in it");
        assert!(MasterKey::from_kept(&key.to_kept()).unwrap() == key);
        // As the first version of this program wrote it.
        let first: Vec<u8> = [1, 44].into_iter().chain(text.bytes()).collect();
        assert!(MasterKey::from_kept(&first).unwrap() == key);
        for broken in [&b""[..], &first[..44], &[1, 44], &[255; 44]] {
            assert!(MasterKey::from_kept(broken).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn a_master_key_is_read_in_every_usual_spelling() {
        let key = master(1);
        let base64 = key.expose();
        let hex = hex(&key.0);
        let url = base64.replace('+', "-").replace('/', "_");
        for text in [
            base64.clone(),
            format!(" {base64}\n"),
            url.trim_end_matches('=').to_owned(),
            base64.trim_end_matches('=').to_owned(),
            hex.clone(),
            hex.to_uppercase(),
        ] {
            assert!(MasterKey::parse(&text) == Ok(key.clone()), "{text}");
        }
    }

    #[test]
    fn what_is_not_32_random_bytes_is_no_master_key() {
        let hex = "0g".repeat(32);
        for text in [
            "",
            "secret",
            &"A".repeat(43),
            &"A".repeat(42),
            &"B".repeat(44),
            &"B".repeat(86),
            &hex,
            &"0".repeat(64),
            "é",
        ] {
            assert!(MasterKey::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn each_purpose_and_each_master_key_has_its_own_keys() {
        let (one, two) = (ring(1), ring(2));
        let tags =
            [&one, &two].map(|ring| [&ring.client_id, &ring.routing, &ring.passphrase].map(|key| key.tag(&[b"x"])));
        let mut all: Vec<_> = tags.concat();
        all.push(*one.seal.current());
        all.push(*two.seal.current());
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 8);
        assert_ne!(current(&one, at(0)), current(&two, at(0)));
    }

    #[test]
    fn parts_of_a_tag_do_not_run_into_each_other() {
        let key = ring(1).routing.clone();
        assert_ne!(key.tag(&[b"ab", b"c"]), key.tag(&[b"a", b"bc"]));
        assert_ne!(key.tag(&[b"a"]), key.tag(&[b"a", b""]));
    }

    #[test]
    fn a_tag_is_checked_whole_or_cut_but_not_shorter_than_64_bits() {
        let key = ring(1).routing.clone();
        let tag = key.tag(&[b"a"]);
        for length in 8..=32 {
            assert!(key.verify(&[b"a"], &tag[..length]), "{length}");
            let mut forged = tag;
            forged[length - 1] ^= 1;
            assert!(!key.verify(&[b"a"], &forged[..length]), "{length}");
        }
        for length in 0..8 {
            assert!(!key.verify(&[b"a"], &tag[..length]), "{length}");
        }
        assert!(!key.verify(&[b"a"], &[tag, tag].concat()));
    }

    #[test]
    fn a_replaced_master_key_still_checks_and_no_longer_makes() {
        let old = ring(1);
        let both = KeyRing::new(&master(2), &[master(1)]);
        let tag = old.routing.tag(&[b"a"]);
        assert!(both.routing.verify(&[b"a"], &tag));
        assert_ne!(both.routing.tag(&[b"a"]), tag);
        assert!(!ring(2).routing.verify(&[b"a"], &tag));
        let now = at(400 * DAY);
        assert!(signing(&both, now).find(&current(&old, now)).is_some());
        assert_ne!(current(&both, now), current(&old, now));
    }

    #[test]
    fn only_so_many_previous_keys_count() {
        let ring = KeyRing::new(&master(9), &[master(1), master(2), master(3)]);
        let tag = |seed| super::tests::ring(seed).routing.tag(&[b"a"]);
        assert_eq!([1, 2, 3].map(|seed| ring.routing.verify(&[b"a"], &tag(seed))), [true, true, false]);
    }

    #[test]
    fn signing_keys_change_with_the_calendar_and_overlap_on_both_sides() {
        let ring = ring(1);
        let (before, after) = (at(10 * SIGNING_PERIOD - 1), at(10 * SIGNING_PERIOD));
        let (old, new) = (signing(&ring, before), signing(&ring, after));
        let (old_header, new_header) = (current(&ring, before), current(&ring, after));
        assert_ne!(old_header, new_header);
        assert!(old.find(&new_header).is_some(), "the next key is published before it signs");
        assert!(new.find(&old_header).is_some(), "the last key is still accepted");
        assert!(signing(&ring, after.plus(SIGNING_PERIOD)).find(&old_header).is_none(), "and later not");
        assert!(old.covers(before) && !old.covers(after) && new.covers(after));
    }

    #[test]
    fn the_key_set_holds_public_keys_only_and_names_the_current_one() {
        let keys = signing(&ring(1), at(400 * DAY));
        let document = serde_json::to_value(keys.jwks()).unwrap();
        let listed = document["keys"].as_array().unwrap();
        assert_eq!(listed.len(), 3);
        let header = URL_SAFE_NO_PAD.decode(current(&ring(1), at(400 * DAY))).unwrap();
        let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
        assert_eq!(header, serde_json::json!({"alg": "EdDSA", "typ": "at+jwt", "kid": listed[0]["kid"]}));
        assert!(listed.iter().all(|key| key.get("d").is_none() && key["kty"] == "OKP"));
    }
}
