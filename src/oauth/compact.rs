//! How this program writes to itself, in rows, in messages between its objects and in what it seals: by position, without
//! names, behind a byte that changes with the shape. That needs a fifth of the code of JSON, and nobody else reads it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// Changes whenever a type that is written down does: a value of another version is not read.
/// The master key is kept without it (`MasterKey::to_kept`).
const VERSION: u8 = 1;

/// What another version of this program wrote, or nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not written by this version")]
pub struct Unreadable;

/// Writes down a value.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Unreadable> {
    postcard::to_extend(value, vec![VERSION]).map_err(|_| Unreadable)
}

/// Reads it again.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable> {
    let encoded = bytes.strip_prefix(&[VERSION]).ok_or(Unreadable)?;
    match postcard::take_from_bytes(encoded) {
        Ok((value, [])) => Ok(value),
        Ok(_) | Err(_) => Err(Unreadable),
    }
}
