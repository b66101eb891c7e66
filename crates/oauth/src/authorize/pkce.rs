//! Proof Key for Code Exchange (RFC 7636), with the method `S256` only. OAuth 2.1 §7.5.2 requires it of every client. The method
//! `plain` protects nothing once the authorization request leaks.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// A `code_challenge` that is not a SHA-256 digest in base64url (RFC 7636 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("code_challenge must be a SHA-256 digest in base64url: 43 characters")]
pub struct InvalidCodeChallenge;

/// A `code_verifier` that does not have the form of RFC 7636 §4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("code_verifier must be 43 to 128 unreserved characters")]
pub struct InvalidCodeVerifier;

/// The `code_challenge` of an authorization request (RFC 7636 §4.2).
///
/// # Examples
///
/// The example of RFC 7636 Appendix B:
///
/// ```
/// use mcp_connector_oauth::authorize::pkce::{CodeChallenge, CodeVerifier};
///
/// let challenge = CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
/// let verifier = CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
/// assert_eq!(verifier.challenge(), challenge);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeChallenge([u8; 32]);

impl CodeChallenge {
    /// Parses a `code_challenge` of the method `S256`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidCodeChallenge`] if the text is not 32 bytes in base64url without padding.
    pub fn parse(text: &str) -> Result<Self, InvalidCodeChallenge> {
        // The decoder refuses padding and non-zero bits at the end, so one digest has one spelling.
        let mut digest = [0; 32];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut digest) {
            Ok(32) => Ok(Self(digest)),
            _ => Err(InvalidCodeChallenge),
        }
    }
}

impl TryFrom<String> for CodeChallenge {
    type Error = InvalidCodeChallenge;

    fn try_from(text: String) -> Result<Self, InvalidCodeChallenge> {
        Self::parse(&text)
    }
}

impl From<CodeChallenge> for String {
    fn from(challenge: CodeChallenge) -> Self {
        challenge.to_string()
    }
}

impl fmt::Display for CodeChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// The `code_verifier` of a token request (RFC 7636 §4.1). Does not print itself.
#[derive(Clone)]
pub struct CodeVerifier(String);

impl CodeVerifier {
    /// Parses a `code_verifier`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidCodeVerifier`] if the text is not 43 to 128 unreserved characters (RFC 7636 §4.1).
    pub fn parse(text: &str) -> Result<Self, InvalidCodeVerifier> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if !(43..=128).contains(&text.len()) || !text.bytes().all(unreserved) {
            return Err(InvalidCodeVerifier);
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the challenge that the verifier matches.
    #[must_use]
    pub fn challenge(&self) -> CodeChallenge {
        CodeChallenge(Sha256::digest(&self.0).into())
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636 Appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_rfc_7636_verifies() {
        let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
        let verifier = CodeVerifier::parse(VERIFIER).unwrap();
        assert_eq!(verifier.challenge(), challenge);
        assert_eq!(challenge.to_string(), CHALLENGE);
    }

    #[test]
    fn another_code_verifier_does_not_match_a_challenge() {
        let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
        let other = CodeVerifier::parse(&VERIFIER.to_ascii_lowercase()).unwrap();
        assert_ne!(other.challenge(), challenge);
        let plain = CodeVerifier::parse(CHALLENGE).unwrap();
        assert_ne!(plain.challenge(), challenge, "a challenge is not its own verifier");
    }

    #[test]
    fn a_challenge_is_43_characters_of_base64url() {
        for (name, text) in [
            ("empty", String::new()),
            ("too short", CHALLENGE[1..].to_owned()),
            ("too long", format!("{CHALLENGE}A")),
            ("padded", format!("{CHALLENGE}=")),
            ("base64 alphabet", CHALLENGE.replace('-', "+")),
            ("space", CHALLENGE.replace('-', " ")),
            ("loose bits at the end", CHALLENGE.replace("cM", "cN")),
            ("two hundred characters", "a".repeat(200)),
        ] {
            assert_eq!(CodeChallenge::parse(&text), Err(InvalidCodeChallenge), "{name}");
        }
    }

    #[test]
    fn a_verifier_is_43_to_128_unreserved_characters() {
        for length in [43, 128] {
            assert!(CodeVerifier::parse(&"~".repeat(length)).is_ok(), "{length}");
        }
        for text in ["", &"a".repeat(42), &"a".repeat(129), &format!("{}+", "a".repeat(43)), &"ö".repeat(30)] {
            assert!(CodeVerifier::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn debug_output_hides_a_code_verifier() {
        assert!(!format!("{:?}", CodeVerifier::parse(VERIFIER).unwrap()).contains("dBj"));
    }

    #[test]
    fn a_code_challenge_is_read_back_from_json_and_checked_there() {
        let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
        let json = serde_json::to_string(&challenge).unwrap();
        assert_eq!(json, format!("\"{CHALLENGE}\""));
        assert_eq!(serde_json::from_str::<CodeChallenge>(&json).unwrap(), challenge);
        assert!(serde_json::from_str::<CodeChallenge>("\"short\"").is_err());
    }
}
