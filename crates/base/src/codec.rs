//! How this program writes to itself: by position, without names. That needs a fifth of the code of JSON, and nobody else reads it.
//!
//! What [`encode`] writes is read by the same version of the program or not at all: messages between its objects, and what it
//! seals for a browser for a while. What has to outlive a deployment is a [`Row`](crate::row::Row).

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Changes whenever a type that is sent or sealed is written differently. Rows do not change with it.
const VERSION: u8 = 6;

/// What another version of this program wrote, or nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not written by a version that this one reads")]
pub struct DecodeError;

/// Writes down a value.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, DecodeError> {
    encode_versioned(VERSION, value)
}

/// Reads it again.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    decode_body(bytes.strip_prefix(&[VERSION]).ok_or(DecodeError)?)
}

/// Reads the value at the beginning of what [`encode`] wrote, and returns it with the bytes behind it.
pub(crate) fn split<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<(T, &'a [u8]), DecodeError> {
    postcard::take_from_bytes(bytes.strip_prefix(&[VERSION]).ok_or(DecodeError)?).map_err(|_| DecodeError)
}

/// A value behind one byte.
pub(crate) fn encode_versioned<T: Serialize>(byte: u8, value: &T) -> Result<Vec<u8>, DecodeError> {
    postcard::to_extend(value, vec![byte]).map_err(|_| DecodeError)
}

/// A value that is all there is.
pub fn decode_body<T: DeserializeOwned>(encoded: &[u8]) -> Result<T, DecodeError> {
    match postcard::take_from_bytes(encoded) {
        Ok((value, [])) => Ok(value),
        Ok(_) | Err(_) => Err(DecodeError),
    }
}
