//! Documents that a client fetches again only if they have changed (RFC 9110 §8.8.3, §13.1.2).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::http::answer::Answer;

/// How many bytes of the hash are in a tag.
const TAG_BYTES: usize = 16;

/// Returns a document with its entity tag, or 304 if `if_none_match` says that the client has it.
pub(crate) fn tagged(media_type: impl Into<Cow<'static, str>>, body: Vec<u8>, if_none_match: Option<&str>) -> Answer {
    let tag = tag_of(&body);
    let is_known = if_none_match.is_some_and(|known| contains(known, &tag));
    let answer = if is_known { Answer::empty(304) } else { Answer::bytes(200, media_type, body) };
    answer.header("etag", tag)
}

/// Returns a strong tag: equal documents have equal tags, and no others.
fn tag_of(body: &[u8]) -> String {
    let hash = Sha256::digest(body);
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(hash.get(..TAG_BYTES).unwrap_or_default()))
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
            assert_eq!(tagged("application/json", b"{}".to_vec(), known.as_deref()).status(), status, "{known:?}");
        }
    }
}
