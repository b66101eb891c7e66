//! The master key, and the texts in which a person or the `Keyring` stores it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use thiserror::Error;
use zeroize::Zeroize as _;

use mcp_connector_base::random::Random;

/// The bytes before the text of a key that the first release stored: version 1, and a length of 44.
const VERSION_1_HEADER: [u8; 2] = [1, 44];

/// The secret from which all keys are derived: 32 random bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey([u8; 32]);

/// A text that is not a master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a master key is 32 random bytes, written in base64 or as 64 hexadecimal digits")]
pub struct InvalidMasterKey;

impl MasterKey {
    /// Generates a master key.
    #[must_use]
    pub fn generate(random: &impl Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// Parses the value of the secret `MASTER_KEY`: base64 in either alphabet, with or without padding, or hexadecimal digits.
    /// White space around it is ignored, because `echo` adds a newline.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidMasterKey`] if the text does not stand for 32 bytes, or if all of them are zero.
    pub fn parse(text: &str) -> Result<Self, InvalidMasterKey> {
        let text = text.trim();
        let mut bytes = [0; 32];
        if text.len() == 64 {
            decode_hex(text, &mut bytes).ok_or(InvalidMasterKey)?;
        } else {
            let unpadded = text.trim_end_matches('=');
            let url_alphabet = unpadded.replace('+', "-").replace('/', "_");
            let decoded = URL_SAFE_NO_PAD.decode_slice(&url_alphabet, &mut bytes).map_err(|_| InvalidMasterKey)?;
            if decoded != 32 {
                return Err(InvalidMasterKey);
            }
        }
        if bytes.iter().all(|byte| *byte == 0) {
            return Err(InvalidMasterKey);
        }
        Ok(Self(bytes))
    }

    pub(crate) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the text that [`parse`](Self::parse) reads.
    #[must_use]
    pub fn expose(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// Returns the bytes to store: the text and nothing else, so that no other version of the format is ever needed.
    #[must_use]
    pub fn to_stored(&self) -> Vec<u8> {
        self.expose().into_bytes()
    }

    /// Parses what [`to_stored`](Self::to_stored) returned, or what the first release stored: the same text after
    /// `VERSION_1_HEADER`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidMasterKey`] if the bytes are not a text that [`parse`](Self::parse) accepts.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, InvalidMasterKey> {
        let text = bytes.strip_prefix(&VERSION_1_HEADER).unwrap_or(bytes);
        Self::parse(std::str::from_utf8(text).map_err(|_| InvalidMasterKey)?)
    }
}

impl Drop for MasterKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

fn decode_hex(text: &str, bytes: &mut [u8; 32]) -> Option<()> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(())
}
