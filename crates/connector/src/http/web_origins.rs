//! Which web pages may call: origins as browsers write them into the header `Origin` (RFC 6454 §6.2, HTML "Origin").

use thiserror::Error;

use mcp_connector_oauth::web::origin::Issuer;

/// Maximum number of origins in one list.
const MAX_ORIGINS: usize = 256;
/// Longest origin, in bytes.
const MAX_ORIGIN: usize = 512;

/// Serialized origins, compared byte by byte: browsers have one spelling for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WebOrigins(Vec<Box<str>>);

/// Why a text is not a list of origins.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum InvalidWebOrigins {
    /// The origin that every sandboxed or local page sends.
    #[error("must not list null: any page can send it")]
    Null,
    /// Everybody.
    #[error("must not list a wildcard: name each origin")]
    Wildcard,
    /// A path, a missing scheme, or a character that no origin contains.
    #[error("must list origins such as https://example.com or app://example, separated by spaces")]
    Form,
    /// More than [`MAX_ORIGINS`].
    #[error("must list at most {MAX_ORIGINS} origins")]
    TooMany,
}

impl WebOrigins {
    /// Reads a list that is separated by spaces or commas. One of http or https is brought into the spelling of browsers; one
    /// with a scheme of its own (`chrome-extension://…`, `vscode-webview://…`, `tauri://localhost`) is taken as it is.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidWebOrigins> {
        let entries = text.split([' ', ',', '\n', '\t']).filter(|entry| !entry.is_empty());
        let origins: Vec<Box<str>> = entries.map(serialized).collect::<Result<_, _>>()?;
        if origins.len() > MAX_ORIGINS { Err(InvalidWebOrigins::TooMany) } else { Ok(Self(origins)) }
    }

    /// Returns whether a page of this origin may call.
    pub(crate) fn contains(&self, origin: &str) -> bool {
        self.0.iter().any(|known| **known == *origin)
    }
}

fn serialized(entry: &str) -> Result<Box<str>, InvalidWebOrigins> {
    if entry.eq_ignore_ascii_case("null") {
        return Err(InvalidWebOrigins::Null);
    }
    if entry.contains('*') {
        return Err(InvalidWebOrigins::Wildcard);
    }
    let (scheme, host) = entry.split_once("://").ok_or(InvalidWebOrigins::Form)?;
    if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") {
        return Issuer::parse(entry).map(|issuer| issuer.as_str().into()).map_err(|_| InvalidWebOrigins::Form);
    }
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.'));
    // The host is opaque where the scheme is nobody's standard: an identifier, a name, perhaps with a port.
    let is_host = !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':'));
    if is_scheme && is_host && entry.len() <= MAX_ORIGIN { Ok(entry.into()) } else { Err(InvalidWebOrigins::Form) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_serialized_origin_is_taken_and_compared_byte_by_byte() {
        for (list, origin, may) in [
            ("https://claude.ai", "https://claude.ai", true),
            ("https://claude.ai", "https://claude.ai:443", false),
            ("https://claude.ai", "https://CLAUDE.ai", false),
            ("https://claude.ai", "https://claude.ai/", false),
            ("https://claude.ai", "https://claude.ai/x", false),
            ("https://Claude.ai:443/", "https://claude.ai", true),
            ("http://localhost:3000, https://a.example", "https://a.example", true),
            ("chrome-extension://abcdefghijklmnop", "chrome-extension://abcdefghijklmnop", true),
            ("chrome-extension://abcdefghijklmnop", "chrome-extension://abcdefghijklmno", false),
            ("moz-extension://0f5a-4b", "moz-extension://0f5a-4b", true),
            ("vscode-webview://1a2B3c", "vscode-webview://1a2B3c", true),
            ("vscode-webview://1a2B3c", "vscode-webview://1a2b3c", false),
            ("app://obsidian.md", "app://obsidian.md", true),
            ("app://.", "app://.", true),
            ("tauri://localhost", "tauri://localhost", true),
            ("tauri://localhost:1420", "tauri://localhost", false),
            ("tauri://localhost", "null", false),
            ("", "null", false),
            ("", "", false),
        ] {
            assert_eq!(WebOrigins::parse(list).unwrap().contains(origin), may, "{origin:?} of {list:?}");
        }
    }

    #[test]
    fn invalid_web_origins_are_refused() {
        let many = "app://x ".repeat(MAX_ORIGINS + 1);
        let long = format!("app://{}", "x".repeat(MAX_ORIGIN));
        for (list, why) in [
            ("null", InvalidWebOrigins::Null),
            ("https://a.example NULL", InvalidWebOrigins::Null),
            ("*", InvalidWebOrigins::Wildcard),
            ("https://*.example.com", InvalidWebOrigins::Wildcard),
            ("chrome-extension://*", InvalidWebOrigins::Wildcard),
            ("claude.ai", InvalidWebOrigins::Form),
            ("https://claude.ai/path", InvalidWebOrigins::Form),
            ("https://user@claude.ai", InvalidWebOrigins::Form),
            ("file://", InvalidWebOrigins::Form),
            ("app:obsidian", InvalidWebOrigins::Form),
            ("App://obsidian", InvalidWebOrigins::Form),
            ("app://a/b", InvalidWebOrigins::Form),
            ("app://a?b", InvalidWebOrigins::Form),
            ("app://a#b", InvalidWebOrigins::Form),
            ("app://a@b", InvalidWebOrigins::Form),
            ("app://ä", InvalidWebOrigins::Form),
            ("://a", InvalidWebOrigins::Form),
            (&long, InvalidWebOrigins::Form),
            (&many, InvalidWebOrigins::TooMany),
        ] {
            assert_eq!(WebOrigins::parse(list), Err(why), "{list:.40}");
        }
    }
}
