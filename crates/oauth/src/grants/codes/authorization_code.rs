//! Authorization codes in the form that clients get (RFC 6749 §4.1.2): opaque, for a single use, valid for a minute. What a code
//! allows is stored in the Durable Object that it names, as a [`PendingCode`](crate::grants::codes::pending_code::PendingCode).

use sha2::Digest as _;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::Sha256;

use mcp_connector_base::identifier::{GrantId, InvalidGrantId};

use crate::authorize::authorization_request::RequestNumber;
use crate::crypto::keys::mac::MacKey;
use crate::crypto::opaque;
use crate::crypto::opaque::{Fields, NotIssuedHere, ObjectName, Secret};

#[cfg(test)]
use mcp_connector_base::random::Random;

/// Lifetime of a code, in seconds. RFC 6749 §4.1.2 allows ten minutes; clients need less than one.
pub const CODE_LIFETIME: u64 = 60;

const PREFIX: &str = "mc1";
/// Length of the payload, in bytes: object, id, secret.
const PAYLOAD: usize = 16 + 8 + 32;

/// The key of the row of a code. It is not secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeId([u8; 8]);

impl CodeId {
    /// Creates an id from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for CodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl TryFrom<String> for CodeId {
    type Error = InvalidGrantId;

    /// Parses sixteen hexadecimal digits, as for a grant.
    fn try_from(text: String) -> Result<Self, InvalidGrantId> {
        GrantId::try_from(text).map(|id| Self(id.to_bytes()))
    }
}

impl From<CodeId> for String {
    fn from(id: CodeId) -> Self {
        id.to_string()
    }
}

/// An authorization code of this server.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationCode {
    object: ObjectName,
    id: CodeId,
    secret: Secret,
}

impl AuthorizationCode {
    /// Returns the code for the page of a request and the person whose grants are in `object`.
    ///
    /// The code is derived and not random, so a form that is sent twice leads to the same code.
    #[must_use]
    pub fn of(number: RequestNumber, object: ObjectName, key: &MacKey) -> Self {
        let part = |label: &[u8]| key.tag(&[label, &number.to_bytes(), &object.to_bytes()]);
        let id = part(b"authorization code, id").first_chunk().copied().unwrap_or_default();
        Self { object, id: CodeId(id), secret: Secret::from_bytes(part(b"authorization code, secret")) }
    }

    /// Creates a random code of `object`.
    #[cfg(test)]
    #[must_use]
    pub fn mint(object: ObjectName, random: &impl Random) -> Self {
        let (mut id, mut secret) = ([0; 8], [0; 32]);
        random.fill(&mut id);
        random.fill(&mut secret);
        Self { object, id: CodeId(id), secret: Secret::from_bytes(secret) }
    }

    /// Parses a code that a client sent.
    ///
    /// # Errors
    ///
    /// Returns [`NotIssuedHere`] if the text is not a code that was made with one of these keys of the server.
    pub fn parse(text: &str, key: &MacKey) -> Result<Self, NotIssuedHere> {
        let payload: [u8; PAYLOAD] = opaque::read(PREFIX, text, key)?;
        let mut fields = Fields(&payload);
        Ok(Self {
            object: ObjectName::from_bytes(fields.take()?),
            id: CodeId(fields.take()?),
            secret: Secret::from_bytes(fields.take()?),
        })
    }

    /// Returns the text for the client.
    #[must_use]
    pub fn expose(&self, key: &MacKey) -> String {
        opaque::write(PREFIX, &[self.object.to_bytes().as_slice(), &self.id.0, self.secret.as_bytes()].concat(), key)
    }

    #[must_use]
    pub const fn object(&self) -> ObjectName {
        self.object
    }

    #[must_use]
    pub const fn id(&self) -> CodeId {
        self.id
    }

    /// Returns the digest to store, which identifies the code and does not reveal it.
    #[must_use]
    pub fn digest(&self) -> Secret {
        Secret::from_bytes(Sha256::digest(self.secret.as_bytes()).into())
    }
}

impl fmt::Debug for AuthorizationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorizationCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::keys::ring::KeyRing;
    use crate::testing::test_keys::{TestRandom, master, ring};

    fn code() -> AuthorizationCode {
        AuthorizationCode::mint(ObjectName::from_bytes([9; 16]), &TestRandom::from(3))
    }

    #[test]
    fn an_authorization_code_is_read_back_from_its_text_also_after_a_new_master_key() {
        let ring = ring(1);
        let text = code().expose(ring.routing());
        assert!(text.starts_with("mc1") && text.len() < 150, "{}", text.len());
        assert_eq!(AuthorizationCode::parse(&text, ring.routing()), Ok(code()));
        let rotated = KeyRing::new(&master(2), &[master(1)]);
        assert_eq!(AuthorizationCode::parse(&text, rotated.routing()), Ok(code()));
    }

    #[test]
    fn a_consent_page_gives_one_code_to_one_person() {
        let code = |number: u8, object: u8, keys: u64| {
            let object = ObjectName::from_bytes([object; 16]);
            AuthorizationCode::of(RequestNumber::from_bytes([number; 16]), object, ring(keys).routing())
        };
        assert!(code(1, 1, 1) == code(1, 1, 1), "sent twice");
        for (name, other) in [("page", code(2, 1, 1)), ("person", code(1, 2, 1)), ("server", code(1, 1, 2))] {
            assert!(other.id() != code(1, 1, 1).id() && other.digest() != code(1, 1, 1).digest(), "another {name}");
        }
    }

    #[test]
    fn malformed_codes_and_those_of_another_server_are_refused() {
        let text = code().expose(ring(1).routing());
        for (name, text) in [
            ("empty", String::new()),
            ("another prefix", text.replacen("mc1", "mr1", 1)),
            ("no prefix", text[3..].to_owned()),
            ("padding", format!("{text}=")),
            ("one more", format!("{text}A")),
            ("one less", text[..text.len() - 1].to_owned()),
            ("64 KB", "mc1".to_owned() + &"A".repeat(65536)),
            ("another server's", code().expose(ring(2).routing())),
            ("another key's", code().expose(ring(1).passphrase())),
        ] {
            assert_eq!(AuthorizationCode::parse(&text, ring(1).routing()), Err(NotIssuedHere), "{name}");
        }
    }

    #[test]
    fn the_store_receives_only_the_digest_of_a_code() {
        let text = code().expose(ring(1).routing());
        let stored = String::from(code().digest());
        assert!(!text.contains(&stored[..20]));
        assert_eq!(format!("{:?}", code()), "AuthorizationCode(…)");
    }

    proptest! {
        #[test]
        fn an_authorization_code_with_one_changed_character_is_refused(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_-]") {
            let ring = ring(1);
            let text = code().expose(ring.routing());
            let at = at.index(text.len());
            let mut changed = text.clone();
            changed.replace_range(at..=at, &to);
            prop_assume!(changed != text);
            prop_assert_eq!(AuthorizationCode::parse(&changed, ring.routing()), Err(NotIssuedHere));
        }

        #[test]
        fn reading_any_text_as_an_authorization_code_does_not_panic(text in "\\PC{0,50}|mc1[A-Za-z0-9_-]{0,120}") {
            prop_assert_eq!(AuthorizationCode::parse(&text, ring(1).routing()), Err(NotIssuedHere));
        }
    }
}
