//! The texts by which an owner proves that the domain is theirs, as their settings hold them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

/// Maximum length of a challenge, in bytes.
const MAX_CHALLENGE: usize = 1024;

/// A proof for the MCP registry: the public key with which the owner signs in there ("HTTP Authentication").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RegistryProof(String);

/// A text that is no such proof.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("be a line of the form v=MCPv1; k=ed25519; p=KEY with the public key in base64; npm run registry prints it")]
pub(crate) struct InvalidRegistryProof;

impl RegistryProof {
    /// Reads `v=MCPv1; k=…; p=…`: the algorithm and the public key.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidRegistryProof> {
        let mut members = text.trim_end_matches(';').split(';').map(str::trim);
        let mut member = |name: &str| members.next().and_then(|member| member.strip_prefix(name)).unwrap_or_default();
        let (version, algorithm, key) = (member("v="), member("k="), member("p="));
        let size = match algorithm {
            "ed25519" => 32,
            // A compressed point.
            "ecdsap384" => 49,
            _ => return Err(InvalidRegistryProof),
        };
        let is_key = STANDARD.decode(key).is_ok_and(|key| key.len() == size);
        if version != "MCPv1" || !is_key || members.next().is_some() {
            return Err(InvalidRegistryProof);
        }
        Ok(Self(format!("v=MCPv1; k={algorithm}; p={key}")))
    }

    /// Returns the line that the registry reads.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The token that the platform of ChatGPT's apps shows for a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppsChallenge(String);

/// A text that is no such token.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("be the token that OpenAI's platform shows for the domain, without spaces")]
pub(crate) struct InvalidAppsChallenge;

impl AppsChallenge {
    /// Reads a token: visible ASCII characters.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidAppsChallenge> {
        let is_token = text.len() <= MAX_CHALLENGE && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_token { Ok(Self(text.to_owned())) } else { Err(InvalidAppsChallenge) }
    }

    /// Returns the token.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_proof_is_an_algorithm_and_a_key_of_its_size() {
        let (short, long) = (STANDARD.encode([7; 32]), STANDARD.encode([7; 49]));
        for (text, served) in [
            (format!("v=MCPv1; k=ed25519; p={short}"), Some(format!("v=MCPv1; k=ed25519; p={short}"))),
            (format!("v=MCPv1;k=ed25519;p={short};"), Some(format!("v=MCPv1; k=ed25519; p={short}"))),
            (format!("v=MCPv1; k=ecdsap384; p={long}"), Some(format!("v=MCPv1; k=ecdsap384; p={long}"))),
            (format!("v=MCPv1; k=ed25519; p={long}"), None),
            (format!("v=MCPv1; k=ecdsap384; p={short}"), None),
            (format!("v=MCPv2; k=ed25519; p={short}"), None),
            (format!("v=MCPv1; k=rsa; p={short}"), None),
            (format!("v=MCPv1; k=ed25519; p={short}; x=y"), None),
            (format!("k=ed25519; v=MCPv1; p={short}"), None),
            ("v=MCPv1; k=ed25519; p=".to_owned(), None),
            ("v=MCPv1; k=ed25519".to_owned(), None),
            (short.clone(), None),
        ] {
            assert_eq!(RegistryProof::parse(&text).ok().map(|proof| proof.as_str().to_owned()), served, "{text}");
        }
    }

    #[test]
    fn an_apps_challenge_is_a_token_without_spaces() {
        for (text, is_valid) in [
            ("EXAMPLE-challenge_token.123", true),
            ("two words", false),
            ("tökén", false),
            ("<html>", true),
            (&"x".repeat(MAX_CHALLENGE + 1), false),
        ] {
            assert_eq!(AppsChallenge::parse(text).is_ok(), is_valid, "{text}");
        }
    }
}
