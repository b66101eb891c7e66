//! The key of a file, as tools and models have it, and the name of its object in the bucket.

use std::fmt;

use mcp_connector_base::identifier::Subject;
use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_protocol::is_purpose;

/// Length of the random part of a key, in characters.
const ID: usize = 22;

/// The key of a file: its purpose, and a random id that nobody guesses. It never has the form of a path that leads elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileKey {
    purpose: String,
    id: String,
}

impl FileKey {
    /// Makes the key of a new file from 128 random bits.
    pub(crate) fn new(purpose: &str, random: u128) -> Self {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let digit = |at: usize| {
            let index = usize::try_from((random >> (6 * at)) & 63).unwrap_or_default();
            char::from(ALPHABET.get(index).copied().unwrap_or(b'A'))
        };
        Self { purpose: purpose.to_owned(), id: (0..ID).map(digit).collect() }
    }

    /// Parses a key as `Display` writes it. It may come from a model, so it may be anything.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (purpose, id) = text.split_once('/')?;
        let is_id =
            id.len() == ID && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        (is_purpose(purpose) && is_id).then(|| Self { purpose: purpose.to_owned(), id: id.to_owned() })
    }

    /// Returns the random part.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Returns the name of the object in the bucket. The files of a person are in a folder of their own, named by a hash, because a
    /// subject may hold any character; those of callers without a token are found by their random ids alone.
    pub(crate) fn object(&self, owner: Option<&Subject>) -> String {
        format!("files/{}/{self}", folder(owner))
    }
}

/// Returns the name of the folder of a person, or of callers without a token. Theirs is called `guests`, because files are stored under
/// that name.
pub(crate) fn folder(owner: Option<&Subject>) -> String {
    owner.map_or_else(|| "guests".to_owned(), |subject| ObjectName::of(subject).to_string())
}

impl fmt::Display for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.purpose, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_purpose_and_an_id_and_nothing_else() {
        let key = FileKey::new("imports", u128::MAX);
        assert_eq!(key.to_string(), "imports/_____________________D", "128 bits in digits of six");
        assert_eq!(FileKey::parse(&key.to_string()), Some(key));
        for text in [
            "",
            "imports",
            "imports/",
            "/AAAAAAAAAAAAAAAAAAAAAA",
            "imports/AAAAAAAAAAAAAAAAAAAAA",
            "imports/AAAAAAAAAAAAAAAAAAAAAAA",
            "imports/../AAAAAAAAAAAAAAAAAAA",
            "../AAAAAAAAAAAAAAAAAAAAAA",
            "../imports/AAAAAAAAAAAAAAAAAAAAAA",
            "Imports/AAAAAAAAAAAAAAAAAAAAAA",
            "imports/AAAAAAAAAAAAAAAAAAAA%2e",
            "imports/AAAAAAAAAAAAAAAAAAAAA\n",
        ] {
            assert_eq!(FileKey::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn people_have_folders_of_their_own() {
        let key = FileKey::new("a", 0);
        let of = |subject: &str| key.object(Some(&Subject::new(subject).unwrap()));
        assert_eq!(key.object(None), "files/guests/a/AAAAAAAAAAAAAAAAAAAAAA");
        assert_ne!(of("ada"), of("bob"));
        for subject in ["../guests", "guests", "a/b"] {
            let object = of(subject);
            assert!(object.len() == 63 && object.split('/').count() == 4 && !object.contains("guests"), "{object}");
        }
    }
}
