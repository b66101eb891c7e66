//! The rows of Durable Objects, which later versions of the program read. People stay signed in over a deployment because each
//! version reads the rows of the earlier ones.
//!
//! Each kind of row has its own version, in its first byte. To change a kind, keep the old type under another name, increase
//! the version, and convert the old type in [`Row::from_older`]. A test holds the bytes of every version, so that none changes
//! by accident or is forgotten.
//!
//! # Examples
//!
//! A kind of row that once was only a name:
//!
//! ```
//! use mcp_connector_base::codec::{DecodeError, decode_body};
//! use mcp_connector_base::row::Row;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Pet {
//!     name: String,
//!     legs: u8,
//! }
//!
//! impl Row for Pet {
//!     const VERSION: u8 = 2;
//!
//!     fn from_older(version: u8, encoded: &[u8]) -> Result<Self, DecodeError> {
//!         match version {
//!             1 => Ok(Self { name: decode_body(encoded)?, legs: 4 }),
//!             _ => Err(DecodeError),
//!         }
//!     }
//! }
//!
//! let pet = Pet { name: "Rex".to_owned(), legs: 4 };
//! let row = pet.to_row().unwrap();
//! assert_eq!(row[0], 2);
//! assert_eq!(Pet::from_row(&row), Ok(pet));
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::{DecodeError, EncodeError, decode_body, encode_versioned};

/// A kind of row.
pub trait Row: Serialize + DeserializeOwned {
    /// The version that is written. It increases whenever this type, or a type inside it, is encoded differently: with a new
    /// field, another order of fields or variants, or another type of number.
    const VERSION: u8;

    /// Reads the row of an older version, without its first byte.
    ///
    /// # Errors
    ///
    /// Returns [`DecodeError`] if the version is unknown, which by default every one is, or if `encoded` is not a row
    /// of it.
    fn from_older(version: u8, encoded: &[u8]) -> Result<Self, DecodeError> {
        let (_, _) = (version, encoded);
        Err(DecodeError)
    }

    /// Writes a row of this version.
    ///
    /// # Errors
    ///
    /// Returns [`EncodeError`] if the row holds something that has no binary form.
    fn to_row(&self) -> Result<Vec<u8>, EncodeError> {
        encode_versioned(Self::VERSION, self)
    }

    /// Reads a row of this version or an older one.
    ///
    /// # Errors
    ///
    /// Returns [`DecodeError`] if the row is empty, has a version that is unknown, or is not a row of that version.
    fn from_row(row: &[u8]) -> Result<Self, DecodeError> {
        let (version, encoded) = row.split_first().ok_or(DecodeError)?;
        if *version == Self::VERSION { decode_body(encoded) } else { Self::from_older(*version, encoded) }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use crate::test_storage_compat::assert_storage_compat;

    use super::*;

    /// A kind of row that once was only a name.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Pet {
        name: String,
        legs: u8,
    }

    impl Row for Pet {
        const VERSION: u8 = 2;

        fn from_older(version: u8, encoded: &[u8]) -> Result<Self, DecodeError> {
            match version {
                1 => Ok(Self { name: decode_body(encoded)?, legs: 4 }),
                _ => Err(DecodeError),
            }
        }
    }

    #[test]
    fn a_row_of_an_older_version_is_read_and_written_again_in_the_new_one() {
        let old = encode_versioned(1, &"Rex").unwrap();
        let pet = Pet::from_row(&old).unwrap();
        assert_eq!(pet, Pet { name: "Rex".into(), legs: 4 });
        let new = pet.to_row().unwrap();
        assert_eq!(Pet::from_row(&new), Ok(pet));
        assert_storage_compat(&Pet { name: "Rex".into(), legs: 4 }, &["AQNSZXg", "AgNSZXgE"]);
    }

    #[test]
    fn a_row_of_a_newer_version_or_with_trailing_bytes_is_not_read() {
        for (name, row) in [
            ("nothing", &b""[..]),
            ("a version without an end", &[2]),
            ("a version to come", &[3, 3, b'R', b'e', b'x', 4]),
            ("something behind it", &[2, 3, b'R', b'e', b'x', 4, 0]),
            ("something behind an older one", &[1, 3, b'R', b'e', b'x', 4]),
        ] {
            assert_eq!(Pet::from_row(row), Err(DecodeError), "{name}");
        }
    }
}
