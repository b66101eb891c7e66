//! Values that travel through a browser and come back. They are encrypted and authenticated, have one purpose, are bound to a
//! cookie of that browser, and expire. So a pending authorization request needs no storage.
//!
//! The cipher is XChaCha20-Poly1305 and not the AEAD of RFC 8439. Its nonce has 192 bits, so a random nonce never repeats,
//! however many pages anonymous clients request. A nonce of 96 bits would need a counter, which isolates do not share.

use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::aead::KeyInit as _;
use std::fmt;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::Payload;
use chacha20poly1305::{Key, XChaCha20Poly1305};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use mcp_connector_base::codec::{decode, encode};
use mcp_connector_base::random::Random;
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::keys::cipher::CipherKeys;

const NONCE_LENGTH: usize = 24;
const TIME_LENGTH: usize = 8;

/// A value that can be sealed. The purpose is part of the type, so a value that was sealed for one purpose does not open for
/// another.
pub trait Sealable: Serialize + DeserializeOwned {
    /// The purpose, which no other type has. A change makes all values that were sealed before unreadable.
    const PURPOSE: &'static str;

    /// Maximum length of a sealed text, in bytes. A type that holds an authorization request has a larger one.
    const MAX_SEALED_LENGTH: usize = 12 * 1024;
}

/// A sealed `T`, which only [`open`](Self::open) can read.
pub struct Sealed<T> {
    text: String,
    of: PhantomData<fn() -> T>,
}

/// A value that was sealed here, for this purpose and this browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened<T> {
    /// It has not expired.
    Valid(T),
    /// It has expired. It allows nothing any more, but it tells where its person came from.
    Expired(T),
}

/// Why a value could not be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// The value is larger than a sealed text may be.
    #[error("too large to be sealed")]
    TooLarge,
    /// The text was not sealed here, not for this purpose or not for this browser, or it was changed. The error does not say
    /// which.
    #[error("not sealed here, or not for this")]
    Forged,
    #[error("expired")]
    Expired,
}

impl<T: Sealable> Sealed<T> {
    /// Seals `value` until `expires`. It opens only with the same `binding`.
    ///
    /// # Errors
    ///
    /// Returns [`SealError::TooLarge`] if the value has no binary form, or if the sealed text would be longer than
    /// [`Sealable::MAX_SEALED_LENGTH`].
    pub fn seal(
        value: &T,
        binding: &[u8],
        expires: Timestamp,
        keys: &CipherKeys,
        random: &impl Random,
    ) -> Result<Self, SealError> {
        let mut plain = expires.as_seconds().to_be_bytes().to_vec();
        plain.extend(encode(value).map_err(|_| SealError::TooLarge)?);
        let mut nonce = [0; NONCE_LENGTH];
        random.fill(&mut nonce);
        let payload = Payload { msg: &plain, aad: &associated_data(T::PURPOSE, binding) };
        let sealed = XChaCha20Poly1305::new(<&Key>::from(keys.current()))
            .encrypt((&nonce).into(), payload)
            .map_err(|_| SealError::TooLarge)?;
        let text = URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat());
        if text.len() > T::MAX_SEALED_LENGTH {
            return Err(SealError::TooLarge);
        }
        Ok(Self { text, of: PhantomData })
    }

    /// Takes a text from a browser. It may be anything.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        // One byte more than the maximum is enough for `open` to refuse it.
        let end = text.floor_char_boundary(T::MAX_SEALED_LENGTH + 1);
        Self { text: text.get(..end).unwrap_or_default().to_owned(), of: PhantomData }
    }

    /// Returns the text that goes into a form or a cookie: base64url without padding.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the value, if it was sealed here with this binding and has not expired.
    ///
    /// # Errors
    ///
    /// Returns [`SealError::Forged`] if the text was not sealed with this binding and one of these keys, or was
    /// changed, and [`SealError::Expired`] if its time is over, or if an earlier version of this program sealed it.
    pub fn open(&self, binding: &[u8], now: Timestamp, keys: &CipherKeys) -> Result<T, SealError> {
        match self.open_even_expired(binding, now, keys)? {
            Opened::Valid(value) => Ok(value),
            Opened::Expired(_) => Err(SealError::Expired),
        }
    }

    /// Returns the value, if it was sealed here with this binding, and whether it has expired.
    ///
    /// # Errors
    ///
    /// Returns [`SealError::Forged`] as [`open`](Self::open) does, and [`SealError::Expired`] if an earlier version of this program sealed it.
    pub fn open_even_expired(&self, binding: &[u8], now: Timestamp, keys: &CipherKeys) -> Result<Opened<T>, SealError> {
        if self.text.len() > T::MAX_SEALED_LENGTH {
            return Err(SealError::Forged);
        }
        let bytes = URL_SAFE_NO_PAD.decode(&self.text).map_err(|_| SealError::Forged)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LENGTH>().ok_or(SealError::Forged)?;
        let aad = associated_data(T::PURPOSE, binding);
        let plain = keys
            .all()
            .find_map(|key| {
                let payload = Payload { msg: sealed, aad: &aad };
                XChaCha20Poly1305::new(<&Key>::from(key)).decrypt(nonce.into(), payload).ok()
            })
            .ok_or(SealError::Forged)?;
        let (expires, value) = plain.split_first_chunk::<TIME_LENGTH>().ok_or(SealError::Forged)?;
        // An earlier version of this program sealed the value, and its type has changed since.
        let value = decode(value).map_err(|_| SealError::Expired)?;
        let is_expired = now.as_seconds() >= u64::from_be_bytes(*expires);
        Ok(if is_expired { Opened::Expired(value) } else { Opened::Valid(value) })
    }
}

impl<T> fmt::Debug for Sealed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// Returns the associated data. The length keeps purpose and binding apart.
fn associated_data(purpose: &str, binding: &[u8]) -> Vec<u8> {
    [&(purpose.len() as u64).to_be_bytes(), purpose.as_bytes(), binding].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::crypto::keys::ring::KeyRing;
    use crate::testing::test_keys::{TestRandom, master, ring};

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Pending {
        state: String,
    }

    impl Sealable for Pending {
        const PURPOSE: &'static str = "pending";
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Session {
        state: String,
    }

    impl Sealable for Session {
        const PURPOSE: &'static str = "session";
    }

    fn pending() -> Pending {
        Pending { state: "xyz".into() }
    }

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
    const LATER: Timestamp = Timestamp::from_seconds(1_000_600);

    fn seal(binding: &[u8]) -> Sealed<Pending> {
        Sealed::seal(&pending(), binding, LATER, ring(1).seal(), &TestRandom::from(7)).unwrap()
    }

    #[test]
    fn a_sealed_value_opens_until_it_expires() {
        let sealed: Sealed<Pending> = Sealed::from_text(seal(b"cookie").as_str());
        for (name, now, want) in [
            ("now", NOW, Ok(pending())),
            ("last second", LATER.minus(1), Ok(pending())),
            ("expiry", LATER, Err(SealError::Expired)),
        ] {
            assert_eq!(sealed.open(b"cookie", now, ring(1).seal()), want, "{name}");
        }
    }

    #[test]
    fn an_expired_value_is_known_to_be_one() {
        let open = |now| seal(b"cookie").open_even_expired(b"cookie", now, ring(1).seal());
        assert_eq!(open(LATER.minus(1)), Ok(Opened::Valid(pending())));
        assert_eq!(open(LATER), Ok(Opened::Expired(pending())));
    }

    #[test]
    fn another_browser_cannot_open_a_sealed_value() {
        for binding in [&b""[..], b"other", b"cookie2", b"cooki"] {
            assert_eq!(seal(b"cookie").open(binding, NOW, ring(1).seal()), Err(SealError::Forged));
            let expired = seal(b"cookie").open_even_expired(binding, LATER, ring(1).seal());
            assert_eq!(expired, Err(SealError::Forged));
        }
    }

    #[test]
    fn a_value_sealed_for_one_purpose_does_not_open_for_another() {
        let sealed: Sealed<Session> = Sealed::from_text(seal(b"cookie").as_str());
        assert_eq!(sealed.open(b"cookie", NOW, ring(1).seal()), Err(SealError::Forged));
        // A moved boundary between purpose and binding does not open it either.
        assert_ne!(associated_data("ab", b"c"), associated_data("a", b"bc"));
    }

    #[test]
    fn a_sealed_value_opens_with_a_previous_key_and_with_no_other() {
        let both = KeyRing::new(&master(2), &[master(1)]);
        assert_eq!(seal(b"c").open(b"c", NOW, both.seal()), Ok(pending()));
        assert_eq!(seal(b"c").open(b"c", NOW, ring(2).seal()), Err(SealError::Forged));
    }

    #[test]
    fn sealing_a_value_twice_gives_two_texts() {
        let random = TestRandom::from(1);
        let one = Sealed::seal(&pending(), b"c", LATER, ring(1).seal(), &random).unwrap();
        let two = Sealed::seal(&pending(), b"c", LATER, ring(1).seal(), &random).unwrap();
        assert_ne!(one.as_str(), two.as_str());
        assert!(!format!("{one:?}").contains(one.as_str()));
    }

    #[test]
    fn the_size_of_sealed_values_is_limited_in_both_directions() {
        let large = Pending { state: "x".repeat(Pending::MAX_SEALED_LENGTH) };
        assert_eq!(
            Sealed::seal(&large, b"", LATER, ring(1).seal(), &TestRandom::from(1)).unwrap_err(),
            SealError::TooLarge
        );
        let flood: Sealed<Pending> = Sealed::from_text(&"é".repeat(1_000_000));
        assert!(flood.as_str().len() <= Pending::MAX_SEALED_LENGTH + 1);
        assert_eq!(flood.open(b"", NOW, ring(1).seal()), Err(SealError::Forged));
    }

    proptest! {
        #[test]
        fn any_value_with_any_binding_opens_unchanged(state in "\\PC{0,200}", binding in prop::collection::vec(any::<u8>(), 0..64), seed in any::<u32>()) {
            let value = Pending { state };
            let sealed = Sealed::seal(&value, &binding, LATER, ring(1).seal(), &TestRandom::from(u64::from(seed))).unwrap();
            prop_assert_eq!(sealed.open(&binding, NOW, ring(1).seal()).unwrap(), value);
        }

        #[test]
        fn a_sealed_value_with_one_changed_character_does_not_open(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_-]") {
            let text = seal(b"c").as_str().to_owned();
            let at = at.index(text.len());
            let mut changed = text.clone();
            changed.replace_range(at..=at, &to);
            prop_assume!(changed != text);
            let changed: Sealed<Pending> = Sealed::from_text(&changed);
            prop_assert_eq!(changed.open(b"c", NOW, ring(1).seal()), Err(SealError::Forged));
        }

        #[test]
        fn opening_any_text_does_not_panic(text in "\\PC{0,100}|[A-Za-z0-9_-]{0,200}") {
            let sealed: Sealed<Pending> = Sealed::from_text(&text);
            prop_assert_eq!(sealed.open(b"c", NOW, ring(1).seal()), Err(SealError::Forged));
        }
    }
}
