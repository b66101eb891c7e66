//! The headers that let browsers call the connector from a web page (Fetch, "CORS protocol").

use mcp_connector_base::http_token::is_token;

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::key_header::KeyHeader;

const METHODS: &str = "GET, POST, DELETE, OPTIONS";

/// The headers that a page may send, besides one for each `x-mcp-header`.
const REQUEST_HEADERS: &str = "authorization, content-type, accept, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name, last-event-id, \
     traceparent, tracestate, baggage";

/// The headers that a page may read.
const EXPOSED_HEADERS: &str = "www-authenticate, mcp-session-id, mcp-protocol-version, x-request-id, retry-after";

/// The headers of a file that a page may read.
const FILE_HEADERS: &str =
    "content-disposition, content-length, content-range, accept-ranges, etag, x-request-id, retry-after";

/// How long a browser remembers a preflight, in seconds. Chromium keeps none for longer.
pub(crate) const MAX_AGE: &str = "7200";

/// Maximum number of headers that a page may ask for.
const MAX_ASKED_HEADERS: usize = 64;

/// Lets the page at `origin`, which has been checked, read an answer.
pub(crate) fn readable_by(answer: Answer, origin: Option<&str>) -> Answer {
    let answer = answer.header("vary", "origin");
    match origin {
        None => answer,
        Some(origin) => answer
            .header("access-control-allow-origin", origin.to_owned())
            .header("access-control-expose-headers", EXPOSED_HEADERS),
    }
}

/// Lets the page at `origin`, which has been checked, read a file.
pub(crate) fn file_readable_by(answer: Answer, origin: Option<&str>) -> Answer {
    let answer = answer.header("vary", "origin");
    match origin {
        None => answer,
        Some(origin) => answer
            .header("access-control-allow-origin", origin.to_owned())
            .header("access-control-expose-headers", FILE_HEADERS),
    }
}

/// Lets any page read a document that is public anyway.
pub(crate) fn readable_by_all(answer: Answer) -> Answer {
    answer.header("access-control-allow-origin", "*").header("access-control-expose-headers", EXPOSED_HEADERS)
}

/// Lets any page read a document about the server and ask whether it has changed (SEP-2127, "CORS Requirements").
pub(crate) fn cacheable_by_all(answer: Answer) -> Answer {
    answer
        .header("access-control-allow-origin", "*")
        .header("access-control-allow-methods", "GET")
        .header("access-control-allow-headers", "content-type, if-none-match")
        .header("access-control-expose-headers", "etag, x-request-id")
}

/// Returns the answer to a preflight. `key_header` is the one that takes access keys, if the endpoint does.
pub(crate) fn preflight(incoming: &Incoming, key_header: Option<&KeyHeader>) -> Answer {
    let asked = incoming.header("access-control-request-headers").unwrap_or_default();
    Answer::empty(204)
        .header("access-control-allow-methods", METHODS)
        .header("access-control-allow-headers", allowed_headers(&asked, key_header))
        .header("access-control-max-age", MAX_AGE)
}

/// Returns the fixed names, that of access keys, and those of `asked` that belong to arguments.
fn allowed_headers(asked: &str, key_header: Option<&KeyHeader>) -> String {
    let mut allowed = REQUEST_HEADERS.to_owned();
    if let Some(name) = key_header {
        allowed.push_str(", ");
        allowed.push_str(name.as_str());
    }
    for name in asked.split(',').map(|name| name.trim().to_ascii_lowercase()).take(MAX_ASKED_HEADERS) {
        if is_token(&name) && name.starts_with("mcp-param-") {
            allowed.push_str(", ");
            allowed.push_str(&name);
        }
    }
    allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cors_allows_argument_headers_and_no_unknown_header() {
        let asked = "Content-Type, Mcp-Param-Region, x-evil, mcp-param-a\r\nb";
        let allowed = allowed_headers(asked, Some(&KeyHeader::default()));
        assert!(allowed.ends_with(", x-api-key, mcp-param-region"), "{allowed}");
        assert!(!allowed_headers(asked, None).contains("key"), "an endpoint that takes none");
        assert!(!allowed.contains("evil"), "{allowed}");
    }
}
