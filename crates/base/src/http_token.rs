//! Tokens of HTTP, such as names of headers, and types and subtypes of media types (RFC 9110 §5.6.2).

/// Returns whether a text is a token: one or more letters, digits and certain marks, all of ASCII.
#[must_use]
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_a_character_and_no_delimiter() {
        for (text, expected) in [
            ("x-api-key", true),
            ("!#$%&'*+-.^_`|~", true),
            ("1", true),
            ("", false),
            ("a b", false),
            ("a/b", false),
            ("a:b", false),
            ("\"a\"", false),
            ("a\r\nb", false),
            ("nötes", false),
        ] {
            assert_eq!(is_token(text), expected, "{text:?}");
        }
    }
}
