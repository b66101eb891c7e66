//! Refresh tokens in the form that clients get (RFC 6749 §6).
//!
//! A token names its grant and its generation, and proves both by a MAC with a key of that grant, which only the Durable Object
//! has. So the object can issue the same successor again without storing any token. An attacker needs the routing key as well as
//! the object's rows to forge a token.

use std::fmt;

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::GrantId;

use crate::crypto::keys::mac::MacKey;
use crate::crypto::opaque;
use crate::crypto::opaque::{Fields, NotIssuedHere, ObjectName, Secret};

const PREFIX: &str = "mr1";
/// Length of the payload, in bytes: object, grant, generation, proof.
const PAYLOAD: usize = 16 + 8 + 4 + 32;

/// A refresh token of this server.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    object: ObjectName,
    grant: GrantId,
    generation: Generation,
    proof: Secret,
}

/// The number of a refresh token of a grant: 1 for the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(u32);

impl Generation {
    /// The generation of the first refresh token of a grant.
    pub const FIRST: Self = Self(1);

    /// Returns the next generation, or `None` after four billion.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(next) => Some(Self(next)),
            None => None,
        }
    }

    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl RefreshToken {
    /// Creates a token from its parts.
    #[must_use]
    pub const fn new(object: ObjectName, grant: GrantId, generation: Generation, proof: Secret) -> Self {
        Self { object, grant, generation, proof }
    }

    /// Parses a token that a client sent.
    ///
    /// # Errors
    ///
    /// Returns [`NotIssuedHere`] if the text is not a refresh token that was made with one of these keys of the server.
    pub fn parse(text: &str, key: &MacKey) -> Result<Self, NotIssuedHere> {
        let payload: [u8; PAYLOAD] = opaque::read(PREFIX, text, key)?;
        let mut fields = Fields(&payload);
        Ok(Self {
            object: ObjectName::from_bytes(fields.take()?),
            grant: GrantId::from_bytes(fields.take()?),
            generation: Generation(u32::from_be_bytes(fields.take()?)),
            proof: Secret::from_bytes(fields.take()?),
        })
    }

    /// Returns the text for the client.
    #[must_use]
    pub fn expose(&self, key: &MacKey) -> String {
        let (object, grant, generation) =
            (self.object.to_bytes(), self.grant.to_bytes(), self.generation.0.to_be_bytes());
        let payload = [object.as_slice(), &grant, &generation, self.proof.as_bytes()].concat();
        opaque::write(PREFIX, &payload, key)
    }

    /// Returns whether a text has the prefix of a refresh token, which decides how a revocation request is read.
    #[must_use]
    pub fn has_prefix(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    #[must_use]
    pub const fn object(&self) -> ObjectName {
        self.object
    }

    #[must_use]
    pub const fn grant(&self) -> GrantId {
        self.grant
    }

    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    #[must_use]
    pub const fn proof(&self) -> &Secret {
        &self.proof
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshToken(generation {})", self.generation.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::keys::ring::KeyRing;
    use crate::testing::test_keys::{master, ring};

    fn token() -> RefreshToken {
        RefreshToken::new(
            ObjectName::from_bytes([9; 16]),
            GrantId::from_bytes([8; 8]),
            Generation(7),
            Secret::from_bytes([6; 32]),
        )
    }

    #[test]
    fn a_refresh_token_is_read_back_from_its_text_also_after_a_new_master_key() {
        let text = token().expose(ring(1).routing());
        assert!(text.starts_with("mr1") && text.len() < 150, "{}", text.len());
        assert!(RefreshToken::has_prefix(&text));
        let rotated = KeyRing::new(&master(2), &[master(1)]);
        assert_eq!(RefreshToken::parse(&text, rotated.routing()), Ok(token()));
        assert_eq!(RefreshToken::parse(&text, ring(2).routing()), Err(NotIssuedHere));
    }

    #[test]
    fn a_generation_of_a_grant_always_has_the_same_refresh_token() {
        assert_eq!(token().expose(ring(1).routing()), token().expose(ring(1).routing()));
    }

    #[test]
    fn debug_output_hides_a_refresh_token() {
        assert_eq!(format!("{:?}", token()), "RefreshToken(generation 7)");
    }

    #[test]
    fn the_generation_counter_does_not_wrap_around() {
        assert_eq!(Generation(u32::MAX).next(), None);
        assert_eq!(Generation::FIRST.next(), Some(Generation(2)));
    }

    proptest! {
        #[test]
        fn a_refresh_token_with_one_changed_character_is_refused(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_-]") {
            let ring = ring(1);
            let text = token().expose(ring.routing());
            let at = at.index(text.len());
            let mut changed = text.clone();
            changed.replace_range(at..=at, &to);
            prop_assume!(changed != text);
            prop_assert_eq!(RefreshToken::parse(&changed, ring.routing()), Err(NotIssuedHere));
        }

        #[test]
        fn reading_any_text_as_a_refresh_token_does_not_panic(text in "\\PC{0,50}|mr1[A-Za-z0-9_-]{0,120}") {
            prop_assert_eq!(RefreshToken::parse(&text, ring(1).routing()), Err(NotIssuedHere));
        }
    }
}
