//! Binary encoding (postcard) for messages between the Worker and its Durable Objects, and for values that are sealed for a
//! browser: by position, without names.
//!
//! A value that [`encode`] wrote is read by the same version of the program or not at all. Values that a later version
//! must read are [`Row`](crate::row::Row)s.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The version of the encoding. It changes whenever a type that is sent or sealed changes. Rows have versions of their own.
const VERSION: u8 = 9;

/// Bytes that this version of the program cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not written by a version that this one reads")]
pub struct DecodeError;

/// A value that cannot be written, because it has no binary form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a value without a binary form")]
pub struct EncodeError;

/// Encodes a value.
///
/// # Errors
///
/// Returns [`EncodeError`] if the value holds something that has no binary form, such as a list of unknown length.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, EncodeError> {
    encode_versioned(VERSION, value)
}

/// Decodes what [`encode`] wrote.
///
/// # Errors
///
/// Returns [`DecodeError`] if another version of the program has written the bytes, or if they are not exactly one
/// value of this type.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    decode_body(bytes.strip_prefix(&[VERSION]).ok_or(DecodeError)?)
}

/// Decodes the value at the beginning of what [`encode`] wrote, and returns it with the bytes behind it.
pub(crate) fn split<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<(T, &'a [u8]), DecodeError> {
    postcard::take_from_bytes(bytes.strip_prefix(&[VERSION]).ok_or(DecodeError)?).map_err(|_| DecodeError)
}

/// Encodes a value behind a byte for the version.
pub(crate) fn encode_versioned<T: Serialize>(byte: u8, value: &T) -> Result<Vec<u8>, EncodeError> {
    postcard::to_extend(value, vec![byte]).map_err(|_| EncodeError)
}

/// Decodes a value without a version byte, which must be all there is.
///
/// # Errors
///
/// Returns [`DecodeError`] if the bytes are not a value of this type, or if more bytes follow it.
pub fn decode_body<T: DeserializeOwned>(encoded: &[u8]) -> Result<T, DecodeError> {
    match postcard::take_from_bytes(encoded) {
        Ok((value, [])) => Ok(value),
        Ok(_) | Err(_) => Err(DecodeError),
    }
}
