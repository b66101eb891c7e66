//! An access key in the form that a person copies.
//!
//! ```text
//! mck_ <object> <id> <secret> <MAC> <checksum>
//! ```
//!
//! The first four parts are 64 bytes, in eight groups of eleven digits of base 62; the checksum is a CRC-32 of all characters before
//! it, in six. So a key is always 98 characters, `mck_[0-9A-Za-z]{94}`, and a scanner that has found such a text can tell without
//! asking anybody whether it is a key.
//!
//! A key names the Durable Object that stores it. The MAC covers everything before it, so an invented key wakes no object.

use std::fmt;

use sha2::{Digest as _, Sha256};

use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::random::Random;

use crate::crypto::keys::mac::MacKey;
use crate::crypto::opaque::{NotIssuedHere, ObjectName, Secret};
use crate::grants::access_keys::base62::{self, DIGITS_OF_U64};
use crate::grants::access_keys::crc32::crc32;
use crate::resource::credential::ACCESS_KEY_PREFIX as PREFIX;

/// Length of the secret, in bytes.
const SECRET: usize = 24;
/// Length of the MAC, in bytes.
const TAG: usize = 16;
/// Length of object, id and secret, in bytes.
const PAYLOAD: usize = 16 + 8 + SECRET;
/// Number of digits of the checksum.
const CHECKSUM_DIGITS: usize = 6;
/// Length of an access key, in characters.
pub const LENGTH: usize = PREFIX.len() + (PAYLOAD + TAG) / 8 * DIGITS_OF_U64 + CHECKSUM_DIGITS;

/// An access key. It does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    object: ObjectName,
    id: GrantId,
    secret: [u8; SECRET],
}

impl AccessKey {
    /// Makes a key of a subject. The caller has drawn its id.
    #[must_use]
    pub fn mint(object: ObjectName, id: GrantId, random: &impl Random) -> Self {
        let mut secret = [0; SECRET];
        random.fill(&mut secret);
        Self { object, id, secret }
    }

    /// Parses a key that a client sent.
    ///
    /// # Errors
    ///
    /// The text is not a key that was made with one of these keys of the server.
    pub fn parse(text: &str, key: &MacKey) -> Result<Self, NotIssuedHere> {
        let (body, checksum) = text.split_at_checked(LENGTH - CHECKSUM_DIGITS).ok_or(NotIssuedHere)?;
        if text.len() != LENGTH || base62::read(checksum) != Some(u64::from(crc32(body.as_bytes()))) {
            return Err(NotIssuedHere);
        }
        let mut digits = body.strip_prefix(PREFIX).ok_or(NotIssuedHere)?;
        let mut bytes = Vec::with_capacity(PAYLOAD + TAG);
        while let Some((group, rest)) = digits.split_at_checked(DIGITS_OF_U64) {
            bytes.extend(base62::read(group).ok_or(NotIssuedHere)?.to_be_bytes());
            digits = rest;
        }
        let (payload, tag) = bytes.split_first_chunk::<PAYLOAD>().ok_or(NotIssuedHere)?;
        if tag.len() != TAG || !key.verify(&[PREFIX.as_bytes(), payload], tag) {
            return Err(NotIssuedHere);
        }
        let (object, rest) = payload.split_first_chunk().ok_or(NotIssuedHere)?;
        let (id, rest) = rest.split_first_chunk().ok_or(NotIssuedHere)?;
        let secret = rest.first_chunk().ok_or(NotIssuedHere)?;
        Ok(Self { object: ObjectName::from_bytes(*object), id: GrantId::from_bytes(*id), secret: *secret })
    }

    /// Returns the text, for the page that shows it once.
    #[must_use]
    pub fn expose(&self, key: &MacKey) -> String {
        let (object, id) = (self.object.to_bytes(), self.id.to_bytes());
        let payload = [object.as_slice(), &id, &self.secret].concat();
        let tag = key.tag(&[PREFIX.as_bytes(), &payload]);
        let tag = tag.first_chunk::<TAG>().copied().unwrap_or_default();
        let mut text = PREFIX.to_owned();
        let bytes = [payload.as_slice(), &tag].concat();
        let (groups, _) = bytes.as_chunks();
        text.extend(groups.iter().map(|group| base62::write(u64::from_be_bytes(*group), DIGITS_OF_U64)));
        let checksum = base62::write(u64::from(crc32(text.as_bytes())), CHECKSUM_DIGITS);
        text + &checksum
    }

    /// Returns the object that stores it.
    #[must_use]
    pub const fn object(&self) -> ObjectName {
        self.object
    }

    /// Returns its id, which is not secret.
    #[must_use]
    pub const fn id(&self) -> GrantId {
        self.id
    }

    /// Returns the hash that is stored. The secret has 192 random bits, so a slow hash would protect nothing.
    #[must_use]
    pub fn digest(&self) -> Secret {
        let digest = Sha256::new().chain_update(b"access key\0").chain_update(self.id.to_bytes());
        Secret::from_bytes(digest.chain_update(self.secret).finalize().into())
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessKey({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::keys::ring::KeyRing;
    use crate::testing::test_keys::{TestRandom, master, ring};

    fn key(random: u64) -> AccessKey {
        AccessKey::mint(ObjectName::from_bytes([9; 16]), GrantId::from_bytes([7; 8]), &TestRandom::from(random))
    }

    /// Makes the checksum of a changed text right.
    fn with_checksum(body: &str) -> String {
        format!("{body}{}", base62::write(u64::from(crc32(body.as_bytes())), CHECKSUM_DIGITS))
    }

    #[test]
    fn a_key_is_read_back_and_fits_the_expression_for_scanners() {
        let keys = ring(1);
        for random in 0..100 {
            let text = key(random).expose(keys.routing());
            assert_eq!(text.len(), LENGTH);
            assert_eq!(LENGTH, 98, "documented: mck_[0-9A-Za-z]{{94}}");
            assert!(text[4..].bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
            assert_eq!(AccessKey::parse(&text, keys.routing()), Ok(key(random)));
        }
    }

    #[test]
    fn a_key_that_was_changed_in_one_place_is_not_read() {
        let keys = ring(1);
        let text = key(1).expose(keys.routing());
        for at in 0..text.len() {
            let other = if text.as_bytes()[at] == b'x' { "y" } else { "x" };
            let changed = [&text[..at], other, &text[at + 1..]].concat();
            assert_eq!(AccessKey::parse(&changed, keys.routing()), Err(NotIssuedHere), "at {at}");
            let checked = with_checksum(&changed[..LENGTH - CHECKSUM_DIGITS]);
            if at < LENGTH - CHECKSUM_DIGITS {
                assert_eq!(AccessKey::parse(&checked, keys.routing()), Err(NotIssuedHere), "at {at}, checksum right");
            }
        }
    }

    #[test]
    fn truncated_extended_and_invented_keys_are_not_read() {
        let keys = ring(1);
        let text = key(1).expose(keys.routing());
        for end in 0..text.len() {
            assert_eq!(AccessKey::parse(&text[..end], keys.routing()), Err(NotIssuedHere), "{end}");
        }
        let invented = with_checksum(&format!("{PREFIX}{}", "0".repeat(88)));
        let too_large = with_checksum(&format!("{PREFIX}{}", "z".repeat(88)));
        for other in [format!("{text}0"), invented, too_large, text.to_lowercase(), "é".repeat(49)] {
            assert_eq!(AccessKey::parse(&other, keys.routing()), Err(NotIssuedHere), "{other}");
        }
        assert_eq!(AccessKey::parse(&text, ring(2).routing()), Err(NotIssuedHere), "another server");
    }

    #[test]
    fn a_key_stays_valid_while_its_master_key_is_accepted() {
        let text = key(1).expose(ring(1).routing());
        let replaced = KeyRing::new(&master(2), &[master(1)]);
        assert_eq!(AccessKey::parse(&text, replaced.routing()), Ok(key(1)));
    }

    #[test]
    fn the_stored_hash_depends_on_id_and_secret_and_debug_output_shows_neither_secret() {
        let (one, other) = (key(1), key(2));
        assert_ne!(one.digest(), other.digest());
        assert_ne!(one.digest(), AccessKey { id: GrantId::from_bytes([8; 8]), ..one.clone() }.digest());
        assert_eq!(format!("{one:?}"), "AccessKey(0707070707070707)");
    }

    proptest! {
        #[test]
        fn any_text_is_refused_without_a_panic(text in "(mck_)?[\\PC]{0,110}") {
            prop_assert_eq!(AccessKey::parse(&text, ring(1).routing()), Err(NotIssuedHere));
        }
    }
}
