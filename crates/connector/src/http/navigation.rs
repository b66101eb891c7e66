//! Tells a person who opens an address in a browser from a program, by what each accepts (RFC 9110 §12.5.1).

use crate::http::incoming::Incoming;

const HTML: &str = "text/html";
/// What programs are answered with.
const FOR_PROGRAMS: [&str; 2] = ["application/json", "text/event-stream"];
/// The headers that only programs send.
const OF_PROGRAMS: [&str; 4] = ["authorization", "mcp-session-id", "mcp-protocol-version", "last-event-id"];

/// Returns whether a request is that of a browser whose address bar or link leads here: it asks for a document, and names HTML as
/// what it likes best.
pub(crate) fn is_navigation(incoming: &Incoming) -> bool {
    matches!(incoming.method(), "GET" | "HEAD") && wants_page(incoming)
}

/// Returns whether the answer to a request is shown to a person: to one that a browser makes for an address or a form.
pub(crate) fn wants_page(incoming: &Incoming) -> bool {
    incoming.header("accept").is_some_and(|accept| prefers_html(&accept))
        && incoming.header("sec-fetch-mode").is_none_or(|mode| mode == "navigate")
        && !OF_PROGRAMS.iter().any(|name| incoming.header(name).is_some())
}

/// Returns whether `accept` names HTML, and likes it better than anything that programs are answered with.
fn prefers_html(accept: &str) -> bool {
    let html = quality(accept, HTML, Ranges::Exact);
    html > 0 && FOR_PROGRAMS.iter().all(|other| quality(accept, other, Ranges::All) < html)
}

/// Which ranges of an `Accept` header count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ranges {
    /// Those that name the type.
    Exact,
    /// All. The most specific range that fits decides.
    All,
}

/// Returns how much a type is liked, in thousandths: 0 if it is not acceptable.
fn quality(accept: &str, wanted: &str, ranges: Ranges) -> u16 {
    let (main, _) = wanted.split_once('/').unwrap_or((wanted, ""));
    let fitting = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next()?.to_ascii_lowercase();
        let specificity = match name.split_once('/')? {
            _ if name == wanted => 2,
            (of, "*") if of == main => 1,
            ("*", "*") => 0,
            _ => return None,
        };
        let quality = parts
            .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
            .map_or(1000, thousandths);
        (ranges == Ranges::All || specificity == 2).then_some((specificity, quality))
    });
    fitting.max().map_or(0, |(_, quality)| quality)
}

/// Reads a weight (RFC 9110 §12.4.2). What is no weight counts as 0.
fn thousandths(weight: &str) -> u16 {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let is_number = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "1" if is_number && fraction.bytes().all(|byte| byte == b'0') => 1000,
        "0" if is_number => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_prefers_html_and_no_program_does() {
        for (who, accept, prefers) in [
            ("Chromium", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", true),
            ("Firefox", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("a text browser", "text/html, text/*;q=0.5", true),
            ("in capitals", "Text/HTML;Q=0.9, */*;q=0.1", true),
            ("with parameters", "text/html;level=1;q=0.7, application/json;q=0.6", true),
            ("a client of the legacy stream", "text/event-stream", false),
            ("a client that posts", "application/json, text/event-stream", false),
            ("curl", "*/*", false),
            ("a range only", "text/*", false),
            ("both alike", "text/html, application/json", false),
            ("JSON first", "application/json, text/html;q=0.9", false),
            ("HTML that is not acceptable", "text/html;q=0, */*", false),
            ("HTML last", "text/html;q=0.5, */*", false),
            ("no weight", "text/html;q=high", false),
            ("more than all", "text/html;q=1.5", false),
            ("a stream behind HTML", "text/html, text/event-stream;q=0.9", true),
            ("another type", "text/htmlx", false),
            ("nothing", "", false),
        ] {
            assert_eq!(prefers_html(accept), prefers, "{who}: {accept}");
        }
    }

    #[test]
    fn a_weight_has_three_digits() {
        for (weight, value) in [
            ("1", 1000),
            ("1.000", 1000),
            ("0.5", 500),
            ("0.05", 50),
            ("0", 0),
            ("0.", 0),
            ("1.001", 0),
            ("0.1234", 0),
            ("", 0),
            ("-1", 0),
        ] {
            assert_eq!(thousandths(weight), value, "{weight}");
        }
    }
}
