//! `application/x-www-form-urlencoded` in queries and bodies (RFC 6749 Appendix B): decoded strictly and within limits, and
//! encoded for redirects.
//!
//! Two rules about parameters apply here, so that no endpoint can forget them: a parameter without a value counts as absent, and
//! a repeated parameter makes the request invalid (RFC 6749 §3.1 and §3.2).

use std::fmt;

use thiserror::Error;

/// Maximum length of a query, and of a body that a client sends, in bytes.
pub const MAX_FORM: usize = 16 * 1024;
/// Maximum length of a body that a page of this server sends, in bytes: a sealed request as long as a query can be, and what a
/// person types.
pub const MAX_PAGE_FORM: usize = 32 * 1024;
/// Maximum number of parameters.
const MAX_PARAMETERS: usize = 64;

/// Why a query or a body is refused. The text becomes `error_description` and never repeats a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FormError {
    /// The text is longer than [`MAX_FORM`], or than [`MAX_PAGE_FORM`] for a page.
    #[error("the parameters are too long")]
    TooLong,
    #[error("there are too many parameters")]
    TooMany,
    /// A percent sign is not followed by two digits, or bytes are not UTF-8.
    #[error("the parameters are not form-urlencoded UTF-8")]
    Malformed,
    /// A parameter is included more than once (RFC 6749 §3.1).
    #[error("the parameter {0} is repeated")]
    Repeated(&'static str),
}

/// The parameters of a query or a form body. `Debug` does not print their values, because some are secret.
#[derive(Clone)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Decodes a query, without its question mark, or a body that a client sends.
    ///
    /// # Errors
    ///
    /// Returns [`FormError::TooLong`] for more than [`MAX_FORM`] bytes, [`FormError::TooMany`] for more than 64
    /// parameters, and [`FormError::Malformed`] if a percent sign is not followed by two digits, or if decoded bytes
    /// are not UTF-8.
    pub fn parse(encoded: &[u8]) -> Result<Self, FormError> {
        Self::parse_within(encoded, MAX_FORM)
    }

    /// Decodes a body that a page of this server sends.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), with a limit of [`MAX_PAGE_FORM`] bytes.
    pub fn of_page(encoded: &[u8]) -> Result<Self, FormError> {
        Self::parse_within(encoded, MAX_PAGE_FORM)
    }

    fn parse_within(encoded: &[u8], longest: usize) -> Result<Self, FormError> {
        if encoded.len() > longest {
            return Err(FormError::TooLong);
        }
        let mut parameters = Vec::new();
        for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if parameters.len() == MAX_PARAMETERS {
                return Err(FormError::TooMany);
            }
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            parameters.push((name, value));
        }
        Ok(Self(parameters))
    }

    /// Returns the value of a parameter that may occur once.
    ///
    /// # Errors
    ///
    /// Returns [`FormError::Repeated`] if the parameter occurs more than once (RFC 6749 §3.1).
    pub fn get(&self, name: &'static str) -> Result<Option<&str>, FormError> {
        let mut values = self.named(name);
        let value = values.next();
        if values.next().is_some() {
            return Err(FormError::Repeated(name));
        }
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// Returns the values of a parameter that may be repeated, such as the ticked boxes of a form.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.named(name).filter(|value| !value.is_empty())
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parameters({})", self.0.len())
    }
}

/// Returns whether a `Content-Type` is that of a form, with any parameters.
#[must_use]
pub fn is_form(content_type: Option<&str>) -> bool {
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Decodes percent-encoding, and `+` as a space.
pub(crate) fn decode(encoded: &[u8]) -> Result<String, FormError> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut bytes = encoded.iter().copied();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = bytes.next().and_then(hex_digit).ok_or(FormError::Malformed)?;
                let low = bytes.next().and_then(hex_digit).ok_or(FormError::Malformed)?;
                high << 4 | low
            }
            other => other,
        });
    }
    String::from_utf8(decoded).map_err(|_| FormError::Malformed)
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Adds parameters to the query of a URL, which has no fragment, and leaves the existing query unchanged (RFC 6749 §3.1.2).
///
/// All but the unreserved characters of RFC 3986 are percent-encoded, spaces too. So both readings of `+` decode to the same
/// text, and no value can break out of a `Location` header.
#[must_use]
pub fn with_query(url: &str, parameters: &[(&str, &str)]) -> String {
    let mut target = url.to_owned();
    for (name, value) in parameters {
        if !target.ends_with(['?', '&']) {
            target.push(if target.contains('?') { '&' } else { '?' });
        }
        encode_into(&mut target, name);
        target.push('=');
        encode_into(&mut target, value);
    }
    target
}

/// Percent-encodes `text` as one value of a query.
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    encode_into(&mut encoded, text);
    encoded
}

/// Percent-encodes `text`.
fn encode_into(target: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            target.push(char::from(byte));
        } else {
            target.push('%');
            for digit in [byte >> 4, byte & 0x0F] {
                target.extend(char::from_digit(u32::from(digit), 16).map(|digit| digit.to_ascii_uppercase()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Parameters {
        Parameters::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn form_parameters_are_percent_decoded() {
        let parameters = parse("a=1+2%2B3&b=%C3%B6&c=x%3Dy=z&d");
        assert_eq!(parameters.get("a"), Ok(Some("1 2+3")));
        assert_eq!(parameters.get("b"), Ok(Some("ö")));
        assert_eq!(parameters.get("c"), Ok(Some("x=y=z")));
        assert_eq!(parameters.get("d"), Ok(None));
        assert_eq!(parameters.get("e"), Ok(None));
    }

    #[test]
    fn a_parameter_without_a_value_counts_as_absent() {
        for text in ["a=", "a", "&a=&", ""] {
            assert_eq!(parse(text).get("a"), Ok(None), "{text:?}");
            assert_eq!(parse(text).all("a").count(), 0, "{text:?}");
        }
    }

    #[test]
    fn a_repeated_parameter_is_refused_even_if_empty_or_encoded() {
        for text in ["a=1&a=1", "a=1&a=", "a&a", "a=1&b=2&%61=3"] {
            assert_eq!(parse(text).get("a"), Err(FormError::Repeated("a")), "{text:?}");
        }
        assert_eq!(parse("b=1&b=2&a=3").get("a"), Ok(Some("3")), "only the one that is asked for matters");
    }

    #[test]
    fn check_boxes_of_a_form_may_share_a_name() {
        assert_eq!(parse("scope=a&x=1&scope=b").all("scope").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn what_is_not_form_urlencoded_utf_8_is_refused() {
        for (name, text) in [
            ("lone percent sign", &b"a=%"[..]),
            ("cut encoding", b"a=%4"),
            ("not hexadecimal", b"a=%4g"),
            ("signed number", b"a=%+1"),
            ("encoded bytes that are not UTF-8", b"a=%ff"),
            ("overlong encoding", b"a=%c0%af"),
            ("surrogate", b"a=%ed%a0%80"),
            ("raw bytes that are not UTF-8", b"a=\xff"),
            ("in the name", b"%zz=1"),
        ] {
            assert_eq!(Parameters::parse(text).unwrap_err(), FormError::Malformed, "{name}");
        }
    }

    #[test]
    fn the_size_and_the_number_of_form_parameters_are_limited() {
        let long = vec![b'a'; MAX_FORM + 1];
        assert_eq!(Parameters::parse(&long).unwrap_err(), FormError::TooLong);
        assert!(Parameters::parse(&long[1..]).is_ok());
        let long = vec![b'a'; MAX_PAGE_FORM + 1];
        assert_eq!(Parameters::of_page(&long).unwrap_err(), FormError::TooLong);
        assert!(Parameters::of_page(&long[1..]).is_ok());
        let many = "a=1&".repeat(MAX_PARAMETERS + 1);
        assert_eq!(Parameters::parse(many.as_bytes()).unwrap_err(), FormError::TooMany);
    }

    #[test]
    fn debug_output_hides_the_values_of_a_form() {
        assert_eq!(format!("{:?}", parse("passphrase=hunter2")), "Parameters(1)");
    }

    #[test]
    fn parameters_are_appended_to_a_query_that_is_already_there() {
        let parameters = [("code", "a b"), ("iss", "https://x")];
        for (url, expected) in [
            ("https://c/cb", "https://c/cb?code=a%20b&iss=https%3A%2F%2Fx"),
            ("https://c", "https://c?code=a%20b&iss=https%3A%2F%2Fx"),
            ("https://c/cb?", "https://c/cb?code=a%20b&iss=https%3A%2F%2Fx"),
            ("https://c/cb?x=%20y", "https://c/cb?x=%20y&code=a%20b&iss=https%3A%2F%2Fx"),
            ("app://cb?x&", "app://cb?x&code=a%20b&iss=https%3A%2F%2Fx"),
        ] {
            assert_eq!(with_query(url, &parameters), expected, "{url}");
        }
    }

    proptest! {
        #[test]
        fn parsing_any_bytes_as_a_form_does_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Parameters::parse(&bytes);
        }

        #[test]
        fn parameters_that_are_written_are_read_back(value in any::<String>(), other in "[^&=]{1,8}") {
            let url = with_query("https://c/cb", &[("state", &value), (&other, "1")]);
            prop_assert!(url.bytes().all(|byte| byte.is_ascii_graphic()));
            let query = url.split_once('?').unwrap().1;
            let parameters = Parameters::parse(query.as_bytes()).unwrap();
            if other != "state" {
                prop_assert_eq!(parameters.get("state").unwrap().unwrap_or_default(), value);
            }
            prop_assert_eq!(parameters.0.len(), 2);
        }
    }
}
