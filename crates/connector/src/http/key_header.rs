//! `KEY_HEADER`: the header that takes an access key beside `Authorization`, for clients that can send a header of one's choice.

use thiserror::Error;

use mcp_connector_base::http_token::is_token;

/// Maximum length of the name, in bytes.
const MAX_NAME: usize = 64;

/// Headers that mean something else to this server, to Cloudflare, to a proxy or to a browser. A key there would be logged, be
/// passed on or be lost, or break what the header is for.
const TAKEN: [&str; 48] = [
    "accept",
    "access-control-request-headers",
    "access-control-request-method",
    "age",
    "allow",
    "authorization",
    "baggage",
    "cache-control",
    "cdn-loop",
    "connection",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "early-data",
    "etag",
    "expect",
    "forwarded",
    "from",
    "host",
    "keep-alive",
    "last-event-id",
    "link",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "referer",
    "retry-after",
    "server",
    "set-cookie",
    "set-cookie2",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "true-client-ip",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "warning",
    "www-authenticate",
];

/// Families of such headers.
const TAKEN_PREFIXES: [&str; 9] =
    ["accept-", "access-control-", "cf-", "content-", "if-", "mcp-", "sec-", "x-forwarded-", "x-real-"];

/// The name of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyHeader {
    /// As the owner has written it, for pages.
    shown: Box<str>,
    /// In lower case.
    name: Box<str>,
}

/// Why a text cannot be that name.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum InvalidKeyHeader {
    /// Not a token of RFC 9110 §5.1, or too long.
    #[error("must be the name of one header, such as X-API-Key")]
    Form,
    /// The header has another meaning.
    #[error("must be a header without another meaning, such as X-API-Key")]
    Taken,
}

impl Default for KeyHeader {
    fn default() -> Self {
        Self { shown: "X-API-Key".into(), name: "x-api-key".into() }
    }
}

impl KeyHeader {
    /// Takes a name, in any case.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidKeyHeader> {
        if text.len() > MAX_NAME || !is_token(text) {
            return Err(InvalidKeyHeader::Form);
        }
        let name = text.to_ascii_lowercase();
        if TAKEN.contains(&&*name) || TAKEN_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            return Err(InvalidKeyHeader::Taken);
        }
        Ok(Self { shown: text.into(), name: name.into() })
    }

    /// Returns the name as the owner has written it.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Returns the name, in lower case.
    pub(crate) fn as_str(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_means_something_else_takes_no_access_key() {
        for (text, name) in [
            ("X-API-Key", Ok("x-api-key")),
            ("x-notes-token", Ok("x-notes-token")),
            ("Api_Key", Ok("api_key")),
            ("Authorization", Err(InvalidKeyHeader::Taken)),
            ("Cookie", Err(InvalidKeyHeader::Taken)),
            ("HOST", Err(InvalidKeyHeader::Taken)),
            ("Connection", Err(InvalidKeyHeader::Taken)),
            ("Keep-Alive", Err(InvalidKeyHeader::Taken)),
            ("TE", Err(InvalidKeyHeader::Taken)),
            ("Trailer", Err(InvalidKeyHeader::Taken)),
            ("Transfer-Encoding", Err(InvalidKeyHeader::Taken)),
            ("Upgrade", Err(InvalidKeyHeader::Taken)),
            ("Proxy-Authorization", Err(InvalidKeyHeader::Taken)),
            ("Content-Type", Err(InvalidKeyHeader::Taken)),
            ("Mcp-Session-Id", Err(InvalidKeyHeader::Taken)),
            ("CF-Connecting-IP", Err(InvalidKeyHeader::Taken)),
            ("Sec-Fetch-Site", Err(InvalidKeyHeader::Taken)),
            ("X-Forwarded-For", Err(InvalidKeyHeader::Taken)),
            ("X-API-Key: secret", Err(InvalidKeyHeader::Form)),
            ("X-A, X-B", Err(InvalidKeyHeader::Form)),
            ("Schlüssel", Err(InvalidKeyHeader::Form)),
            ("", Err(InvalidKeyHeader::Form)),
            (&*"x".repeat(MAX_NAME + 1), Err(InvalidKeyHeader::Form)),
        ] {
            assert_eq!(KeyHeader::parse(text).as_ref().map(KeyHeader::as_str).map_err(|error| *error), name, "{text}");
        }
        assert_eq!(KeyHeader::parse("X-API-Key"), Ok(KeyHeader::default()));
    }
}
