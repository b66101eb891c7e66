//! Documents that a client fetches again only if they have changed (RFC 9110 §8.8.3, §13.1.2).

use std::borrow::Cow;

use crate::http::answer::Answer;
use crate::http::document_cache::tag_of;

/// Returns a document with its entity tag, or 304 if `if_none_match` says that the client has it.
pub(crate) fn tagged(media_type: impl Into<Cow<'static, str>>, body: &[u8], if_none_match: Option<&str>) -> Answer {
    with_tag(media_type, body, tag_of(body), if_none_match)
}

/// Returns a document whose entity tag is known, or 304 if `if_none_match` says that the client has it.
pub(crate) fn with_tag(
    media_type: impl Into<Cow<'static, str>>,
    body: &[u8],
    tag: String,
    if_none_match: Option<&str>,
) -> Answer {
    let is_known = if_none_match.is_some_and(|known| contains(known, &tag));
    let answer = if is_known { Answer::empty(304) } else { Answer::bytes(200, media_type, body.to_vec()) };
    answer.header("etag", tag)
}

/// Returns whether a list of tags has this one. The comparison is the weak one, because a proxy that compresses an answer makes
/// its tag weak.
pub(crate) fn contains(list: &str, tag: &str) -> bool {
    list.split(',').map(str::trim).any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_the_client_has_is_not_sent_again() {
        let tag = tag_of(b"{}");
        assert_eq!(tag, "\"RBNvo1WzZ4oRRq0W9-hkng\"");
        assert_ne!(tag, tag_of(b"{ }"));
        for (known, status) in [
            (None, 200),
            (Some(tag.clone()), 304),
            (Some(format!("W/{tag}")), 304),
            (Some(format!("\"other\" , {tag}")), 304),
            (Some("*".to_owned()), 304),
            (Some("\"other\"".to_owned()), 200),
            (Some(tag.trim_matches('"').to_owned()), 200),
            (Some(String::new()), 200),
        ] {
            assert_eq!(tagged("application/json", b"{}", known.as_deref()).status(), status, "{known:?}");
        }
    }
}
