//! The name by which catalogs and registries know a server: a domain in reverse order, a slash, and a name (SEP-2127, `name`;
//! MCP Registry, `server.json`).

use std::net::IpAddr;

use serde::Serialize;
use thiserror::Error;

/// Maximum length of the whole name, in characters.
const MAX_LENGTH: usize = 200;
/// Minimum length: a character on each side of the slash.
const MIN_LENGTH: usize = 3;
/// How much of a host and of a connector's name a derived name takes at most. Together they fit, with the slash.
const MAX_DERIVED_NAMESPACE: usize = 130;
const MAX_DERIVED_SHORT: usize = 64;

/// The name of a server in reverse-DNS form, such as `com.example/notes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ServerName(String);

/// A text that is no such name.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "the registry name is not valid: write a domain in reverse order, a slash and a name, such as com.example/notes"
)]
pub(crate) struct InvalidServerName;

impl ServerName {
    /// Parses a name that an author has chosen.
    ///
    /// # Errors
    ///
    /// Fails unless the text is 3 to 200 characters: letters, digits, `.` and `-`, one slash, and the same or `_` behind it.
    /// The MCP registry also wants both parts to begin and end with a letter or a digit.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidServerName> {
        let (namespace, short) = text.split_once('/').ok_or(InvalidServerName)?;
        let is_valid = (MIN_LENGTH..=MAX_LENGTH).contains(&text.len())
            && [namespace, short].iter().all(|part| !part.is_empty() && trimmed(part) == *part)
            && namespace.chars().all(is_of_namespace)
            && short.chars().all(is_of_short);
        if is_valid { Ok(Self(text.to_owned())) } else { Err(InvalidServerName) }
    }

    /// Derives the name of a server from where it is reached. `authority` is a host with or without a port. An address has no
    /// order to reverse; one of this machine becomes `localhost`.
    pub(crate) fn derived(authority: &str, name: &str) -> Self {
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        };
        let host = host.trim_start_matches('[').trim_end_matches([']', '.']);
        let namespace = match host.parse::<IpAddr>() {
            Ok(address) if address.is_loopback() => "localhost".to_owned(),
            Ok(address) => address.to_string(),
            Err(_) => host.rsplit('.').collect::<Vec<_>>().join("."),
        };
        let namespace = cleaned(&namespace, is_of_namespace, MAX_DERIVED_NAMESPACE);
        Self(format!("{namespace}/{}", cleaned(name, is_of_short, MAX_DERIVED_SHORT)))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the identifier of the server in an AI catalog: the domain in its usual order, `mcp`, and the name behind the
    /// slash.
    pub(crate) fn urn(&self) -> String {
        let (namespace, short) = self.0.split_once('/').unwrap_or((&self.0, ""));
        let publisher = match namespace.parse::<IpAddr>() {
            Ok(_) => namespace.to_owned(),
            Err(_) => namespace.rsplit('.').collect::<Vec<_>>().join("."),
        };
        format!("urn:air:{publisher}:mcp:{short}")
    }
}

fn is_of_namespace(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '-')
}

fn is_of_short(character: char) -> bool {
    is_of_namespace(character) || character == '_'
}

/// Returns the text without what a part of a name cannot begin or end with.
fn trimmed(part: &str) -> &str {
    part.trim_matches(|character: char| !character.is_ascii_alphanumeric())
}

/// Returns the beginning of a text with a hyphen for each character that a name cannot have. Never empty.
fn cleaned(text: &str, is_valid: impl Fn(char) -> bool, most: usize) -> String {
    let valid = |character| if is_valid(character) { character } else { '-' };
    let text: String = text.chars().take(most).map(valid).collect();
    Some(trimmed(&text)).filter(|text| !text.is_empty()).unwrap_or("server").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_name_is_a_namespace_a_slash_and_a_name() {
        let longest = format!("com.example/{}", "n".repeat(MAX_LENGTH - "com.example/".len()));
        for text in ["com.example/notes", "io.github.ada/my_notes.v2", "a/b", "localhost/notes", &longest] {
            assert_eq!(ServerName::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "notes",
            "/notes",
            "com.example/",
            "com.example/notes/x",
            "com example/notes",
            "com_example/notes",
            "com.exämple/notes",
            "com.example/no tes",
            "-com.example/notes",
            "com.example./notes",
            "com.example/notes_",
            &format!("{longest}n"),
        ] {
            assert_eq!(ServerName::parse(text), Err(InvalidServerName), "{text}");
        }
    }

    #[test]
    fn a_derived_server_name_is_the_host_in_reverse_and_the_name_of_the_connector() {
        let long_host = vec!["a".repeat(60); 4].join(".");
        for (authority, name, derived, urn) in [
            ("mcp.example.com", "notes", "com.example.mcp/notes", "urn:air:mcp.example.com:mcp:notes"),
            (
                "notes.ada.workers.dev",
                "notes",
                "dev.workers.ada.notes/notes",
                "urn:air:notes.ada.workers.dev:mcp:notes",
            ),
            ("mcp.example.com:8443", "my notes!", "com.example.mcp/my-notes", "urn:air:mcp.example.com:mcp:my-notes"),
            ("127.0.0.1:8787", "notes", "localhost/notes", "urn:air:localhost:mcp:notes"),
            ("[::1]:8787", "notes", "localhost/notes", "urn:air:localhost:mcp:notes"),
            ("localhost", "", "localhost/server", "urn:air:localhost:mcp:server"),
            ("203.0.113.7", "notes", "203.0.113.7/notes", "urn:air:203.0.113.7:mcp:notes"),
            ("[2001:db8::1]", "notes", "2001-db8--1/notes", "urn:air:2001-db8--1:mcp:notes"),
        ] {
            let found = ServerName::derived(authority, name);
            assert_eq!((found.as_str(), found.urn().as_str()), (derived, urn), "{authority}");
        }
        let longest = ServerName::derived(&long_host, &"n".repeat(300));
        assert!(ServerName::parse(longest.as_str()).is_ok(), "{longest:?}");
    }
}
