//! The media type that a sender gives for a file. It is what the sender says, and nothing is decided by it but whether the link
//! admits it.

use mcp_connector_base::http_token::is_token;

/// The media type of a file whose sender gives none (RFC 9110 §8.3).
pub(crate) const OCTET_STREAM: &str = "application/octet-stream";

/// Longest media type that is kept, in bytes.
const MAX_LENGTH: usize = 200;

/// Returns a media type in the form in which it is kept: type and subtype in lower case, and the charset if there is one. What is no
/// media type becomes the type of a file whose sender gives none.
pub(crate) fn content_type(sent: Option<&str>) -> String {
    let Some(essence) = sent.and_then(essence) else { return OCTET_STREAM.to_owned() };
    let charset = sent.into_iter().flat_map(|sent| sent.split(';').skip(1)).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (name.trim().eq_ignore_ascii_case("charset") && is_token(value)).then_some(value)
    });
    let whole = charset.map_or_else(|| essence.clone(), |charset| format!("{essence}; charset={charset}"));
    if whole.len() > MAX_LENGTH { OCTET_STREAM.to_owned() } else { whole }
}

/// Returns whether a file of this type is one of `admitted`: types in lower case, or `image/*` and the like. An empty
/// list admits every type.
pub(crate) fn is_admitted(content_type: &str, admitted: &[String]) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    admitted.is_empty()
        || admitted.iter().any(|range| match range.strip_suffix('*') {
            Some(kind) => essence.starts_with(kind),
            None => essence == range,
        })
}

/// Returns type and subtype, in lower case.
fn essence(sent: &str) -> Option<String> {
    let essence = sent.split(';').next()?.trim().to_ascii_lowercase();
    let (kind, subtype) = essence.split_once('/')?;
    (is_token(kind) && is_token(subtype)).then_some(essence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_kept_in_one_form() {
        for (sent, kept) in [
            (None, OCTET_STREAM),
            (Some(""), OCTET_STREAM),
            (Some("csv"), OCTET_STREAM),
            (Some("text/"), OCTET_STREAM),
            (Some("text/html\u{7f}"), OCTET_STREAM),
            (Some("text/csv"), "text/csv"),
            (Some("Text/CSV ; Charset=\"UTF-8\"; header=present"), "text/csv; charset=UTF-8"),
            (Some("text/csv; charset=\"a b\""), "text/csv"),
            (Some("text/csv; x"), "text/csv"),
        ] {
            assert_eq!(content_type(sent), kept, "{sent:?}");
        }
        assert_eq!(content_type(Some(&format!("text/{}", "x".repeat(MAX_LENGTH)))), OCTET_STREAM);
    }

    #[test]
    fn a_link_admits_its_types() {
        let admitted = |types: &[&str]| types.iter().map(|of| (*of).to_owned()).collect::<Vec<_>>();
        for (sent, types, is) in [
            ("text/csv", &[][..], true),
            ("text/csv", &["text/csv"], true),
            ("text/csv; charset=utf-8", &["text/csv"], true),
            ("text/html", &["text/csv", "image/*"], false),
            ("image/png", &["text/csv", "image/*"], true),
            ("imagex/png", &["image/*"], false),
            (OCTET_STREAM, &["text/csv"], false),
        ] {
            assert_eq!(is_admitted(sent, &admitted(types)), is, "{sent} of {types:?}");
        }
    }
}
