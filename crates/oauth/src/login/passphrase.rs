//! The owner's passphrase: whether it is strong enough, how it is compared, and its versions.
//!
//! There is no slow hash. Online, a guess costs a request, which [`throttle`](crate::login::throttle) limits. Offline there is
//! nothing to guess at, because the passphrase is stored only as a secret of the Worker.

use std::fmt;

use thiserror::Error;

use crate::crypto::credential_version::CredentialVersion;
use crate::crypto::keys::mac::MacKey;

/// Minimum length, in characters.
pub const MIN_PASSPHRASE: usize = 12;

/// Maximum length, in bytes.
const MAX_PASSPHRASE: usize = 1024;

/// Minimum number of different characters.
const MIN_DISTINCT: usize = 6;

/// Minimum number of characters that are left without common words and sequences.
const MIN_UNCOMMON: usize = 4;

/// Words that attackers try first.
const COMMON: [&str; 16] = [
    "passphrase",
    "password",
    "passwort",
    "changeme",
    "change-me",
    "letmein",
    "welcome",
    "default",
    "example",
    "secret",
    "iloveyou",
    "qwertyuiop",
    "qwerty",
    "asdfghjkl",
    "admin",
    "owner",
];

/// A passphrase that is strong enough. Does not print itself.
#[derive(Clone)]
pub struct Passphrase(String);

/// Why a passphrase is too weak. The text says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WeakPassphrase {
    /// It is not set, or only white space.
    #[error("no passphrase is set")]
    Missing,
    /// Shorter than [`MIN_PASSPHRASE`].
    #[error("the passphrase is too short: use at least 12 characters, better 20")]
    TooShort,
    /// Longer than 1024 bytes.
    #[error("the passphrase is too long: use at most 1024 bytes")]
    TooLong,
    /// It repeats a few characters, or consists mostly of common words.
    #[error("the passphrase is too easy to guess: use four or more random words, or random characters")]
    Guessable,
}

impl Passphrase {
    /// Takes the configured passphrase. White space around it is ignored, because `echo` and editors add a newline.
    ///
    /// # Errors
    ///
    /// Returns [`WeakPassphrase::Missing`] for white space, [`WeakPassphrase::TooLong`] for more than 1024 bytes,
    /// [`WeakPassphrase::TooShort`] for fewer than [`MIN_PASSPHRASE`] characters, and [`WeakPassphrase::Guessable`] if
    /// it repeats a few characters or consists mostly of common words.
    pub fn new(text: &str) -> Result<Self, WeakPassphrase> {
        let text = text.trim();
        if text.is_empty() {
            return Err(WeakPassphrase::Missing);
        }
        if text.len() > MAX_PASSPHRASE {
            return Err(WeakPassphrase::TooLong);
        }
        if text.chars().count() < MIN_PASSPHRASE {
            return Err(WeakPassphrase::TooShort);
        }
        let distinct = text.char_indices().filter(|(at, character)| text.find(*character) == Some(*at)).count();
        if distinct < MIN_DISTINCT || uncommon_characters(text) < MIN_UNCOMMON {
            return Err(WeakPassphrase::Guessable);
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns whether `typed` is this passphrase. Compares tags, in constant time.
    #[must_use]
    pub fn matches(&self, typed: &str, key: &MacKey) -> bool {
        let typed = typed.trim();
        // Longer texts are cut to more than the maximum, so they stay different.
        let end = typed.floor_char_boundary(MAX_PASSPHRASE + 4);
        let typed = typed.get(..end).unwrap_or_default();
        key.verify(&[b"typed", typed.as_bytes()], &key.tag(&[b"typed", self.0.as_bytes()]))
    }

    /// Returns the version of this passphrase under the current key, and then its versions under previous keys.
    #[must_use]
    pub fn credential_versions(&self, key: &MacKey) -> Vec<CredentialVersion> {
        key.tags(&[b"epoch", self.0.as_bytes()])
            .iter()
            .filter_map(|tag| tag.first_chunk().copied().map(CredentialVersion::from_bytes))
            .collect()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// Returns the number of characters that are neither part of a common word nor follow from the one before, as in `aaaa`, `1234`
/// or `fedc`.
fn uncommon_characters(text: &str) -> usize {
    let mut rest = text.to_ascii_lowercase();
    for word in COMMON {
        rest = rest.replace(word, "");
    }
    let mut before: Option<u32> = None;
    rest.chars()
        .filter(|character| {
            let code = u32::from(*character);
            let follows = before.is_some_and(|before| before.abs_diff(code) <= 1);
            before = Some(code);
            !follows
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::ring::KeyRing;
    use crate::testing::test_keys::{master, ring};

    const GOOD: &str = "maple-orbit-crayon-ninety";

    #[test]
    fn a_weak_passphrase_is_refused() {
        for (text, want) in [
            ("", WeakPassphrase::Missing),
            (" \n", WeakPassphrase::Missing),
            ("1234", WeakPassphrase::TooShort),
            ("hunter2", WeakPassphrase::TooShort),
            ("kX9#qL2$vB7", WeakPassphrase::TooShort),
            ("passwordpassword", WeakPassphrase::Guessable),
            ("Password1234567", WeakPassphrase::Guessable),
            ("MyPassword123", WeakPassphrase::Guessable),
            ("aaaaaaaaaaaaaaaaaaaa", WeakPassphrase::Guessable),
            ("abababababababababab", WeakPassphrase::Guessable),
            ("12345678901234567890", WeakPassphrase::Guessable),
            ("abcdefghijklmnopqrst", WeakPassphrase::Guessable),
            ("zyxwvutsrqponmlkjihg", WeakPassphrase::Guessable),
            ("change-me-change-me", WeakPassphrase::Guessable),
            ("ownerownersecret", WeakPassphrase::Guessable),
            (&"ab3$".repeat(400), WeakPassphrase::TooLong),
        ] {
            assert_eq!(Passphrase::new(text).err(), Some(want), "{text:?}");
        }
    }

    #[test]
    fn a_random_or_long_passphrase_is_accepted() {
        for text in [
            GOOD,
            "correct horse battery staple",
            "f3b1c2d4e5a69788",
            "kX9#qL2$vB7w",
            "ein Fuß auf der Straße",
            "日本語のパスフレーズを使う例",
            "test-passphrase-for-ci",
        ] {
            assert!(Passphrase::new(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn only_the_same_text_matches_a_passphrase() {
        let (passphrase, ring) = (Passphrase::new(&format!("{GOOD}\n")).unwrap(), ring(1));
        let key = ring.passphrase();
        assert!(passphrase.matches(GOOD, key));
        assert!(passphrase.matches(&format!(" {GOOD} "), key), "white space around it does not count");
        for typed in ["", "maple-orbit-crayon-ninet", "maple-orbit-crayon-ninetyy", "Maple-orbit-crayon-ninety"] {
            assert!(!passphrase.matches(typed, key), "{typed:?}");
        }
        assert!(!passphrase.matches(&GOOD.repeat(100_000), key));
        let longest = Passphrase::new(&format!("{}{}", "ab3$zq".repeat(170), "wxyz")).unwrap();
        assert!(!longest.matches(&format!("{}é", longest.0), key));
    }

    #[test]
    fn a_credential_version_changes_with_the_passphrase_and_is_still_listed_after_a_new_master_key() {
        let (one, two) = (Passphrase::new(GOOD).unwrap(), Passphrase::new("another-orbit-crayon-ninety").unwrap());
        let old = one.credential_versions(ring(1).passphrase());
        assert_eq!(old.len(), 1);
        assert_ne!(old, two.credential_versions(ring(1).passphrase()));
        let rotated = KeyRing::new(&master(2), &[master(1)]);
        let new = one.credential_versions(rotated.passphrase());
        assert_eq!(new.len(), 2);
        assert_ne!(new[0], old[0]);
        assert_eq!(new[1], old[0]);
    }

    #[test]
    fn a_credential_version_of_a_configuration_changes_with_it() {
        let ring = ring(1);
        let of = |parts: &[&[u8]]| CredentialVersion::of_configuration(parts, ring.passphrase());
        assert_eq!(of(&[b"oidc", b"a"]), of(&[b"oidc", b"a"]));
        assert_ne!(of(&[b"oidc", b"a"]), of(&[b"oidc", b"b"]));
        assert_ne!(of(&[b"oidc", b"a"]), of(&[b"oidca"]));
    }

    #[test]
    fn debug_output_hides_a_passphrase() {
        let passphrase = Passphrase::new(GOOD).unwrap();
        assert_eq!(format!("{passphrase:?}"), "Passphrase(…)");
        let credential_version = passphrase.credential_versions(ring(1).passphrase())[0];
        assert_eq!(CredentialVersion::try_from(credential_version.to_string()), Ok(credential_version));
        assert!(CredentialVersion::try_from("x".to_owned()).is_err());
    }
}
