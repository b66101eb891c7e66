//! URIs of resources (RFC 3986), and templates for them (RFC 6570, level 1: `note://{id}`).
//!
//! Nothing is fetched or opened here: a URI is a name for which the author's handler has contents.

use std::fmt;

use serde::{Serialize, Serializer};
use thiserror::Error;

/// A URI: a scheme, and only the characters that RFC 3986 allows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Uri(String);

/// Maximum length of a URI, in bytes. The error about a missing resource repeats it.
pub(crate) const MAX_LENGTH: usize = 2048;

/// Why a text is not a URI.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum InvalidUri {
    #[error("a URI is at most {MAX_LENGTH} bytes long")]
    TooLong,
    #[error("a URI begins with a scheme, such as `note:`")]
    Scheme,
    #[error("a URI holds visible ASCII characters only; write others as %XX")]
    Character,
}

impl Uri {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidUri> {
        if text.len() > MAX_LENGTH {
            return Err(InvalidUri::TooLong);
        }
        let (scheme, rest) = text.split_once(':').ok_or(InvalidUri::Scheme)?;
        let starts_with_letter = scheme.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
        if !starts_with_letter || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
            return Err(InvalidUri::Scheme);
        }
        if rest.is_empty() || !is_well_formed(rest) {
            return Err(InvalidUri::Character);
        }
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns whether `text` has only `reserved`, `unreserved` and `pct-encoded` of RFC 3986 §2.
fn is_well_formed(text: &str) -> bool {
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let fits = match byte {
            b'%' => {
                let mut is_digit = || rest.next().is_some_and(|digit| digit.is_ascii_hexdigit());
                is_digit() && is_digit()
            }
            byte => is_unreserved(byte) || b":/?#[]@!$&'()*+,;=".contains(&byte),
        };
        if !fits {
            return false;
        }
    }
    true
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// A URI template with variables in braces. The value of a variable has at least one character, and a `/` in it is written
/// `%2F`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UriTemplate {
    text: String,
    /// The text before the first variable.
    start: String,
    /// Each variable with the text after it.
    variables: Vec<(String, String)>,
}

/// Why a text is not a template that can be matched.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum InvalidTemplate {
    #[error("it must begin with a scheme, such as `note:`, and hold only what a URI can hold")]
    Uri,
    #[error("a variable is a name in braces: letters, digits and `_`")]
    Variable,
    #[error("two variables need something between them")]
    Adjacent,
    #[error("a variable is in it twice")]
    Repeated,
    #[error("without a variable it is a resource")]
    NoVariable,
}

impl UriTemplate {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidTemplate> {
        let mut parts = text.split('{');
        let start = parts.next().unwrap_or_default().to_owned();
        let mut variables: Vec<(String, String)> = Vec::new();
        for part in parts {
            let (name, literal) = part.split_once('}').ok_or(InvalidTemplate::Variable)?;
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                return Err(InvalidTemplate::Variable);
            }
            if variables.iter().any(|(known, _)| known == name) {
                return Err(InvalidTemplate::Repeated);
            }
            variables.push((name.to_owned(), literal.to_owned()));
        }
        let literals = || variables.iter().map(|(_, literal)| literal);
        let Some((_, inner)) = variables.split_last() else { return Err(InvalidTemplate::NoVariable) };
        if inner.iter().any(|(_, literal)| literal.is_empty()) {
            return Err(InvalidTemplate::Adjacent);
        }
        // The scheme itself must not come from a variable.
        let is_uri = start.contains(':') && Uri::parse(&format!("{start}x")).is_ok();
        if !is_uri || !literals().all(|literal| is_well_formed(literal)) {
            return Err(InvalidTemplate::Uri);
        }
        Ok(Self { text: text.to_owned(), start, variables })
    }

    /// Returns the names of the variables, in order.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(|(name, _)| name.as_str())
    }

    /// Returns the values of the variables in `uri`, or `None` if it does not match. A value ends where the text after its
    /// variable first occurs.
    pub(crate) fn matches(&self, uri: &Uri) -> Option<Vec<(&str, String)>> {
        let mut rest = uri.as_str().strip_prefix(&self.start)?;
        let mut values = Vec::new();
        let last = self.variables.len().checked_sub(1)?;
        for (at, (name, literal)) in self.variables.iter().enumerate() {
            let (value, behind) = if at == last {
                (rest.strip_suffix(literal.as_str())?, "")
            } else {
                rest.split_once(literal.as_str())?
            };
            values.push((name.as_str(), decode(value)?));
            rest = behind;
        }
        Some(values)
    }
}

impl Serialize for UriTemplate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl fmt::Display for UriTemplate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// Decodes a value of simple expansion (RFC 6570 §3.2.2).
fn decode(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let (high, low) = (digit()?, digit()?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte if is_unreserved(byte) => byte,
            _ => return None,
        });
    }
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_has_a_scheme_and_no_other_characters() {
        for text in ["note://1", "test://static-text", "urn:a:b", "https://a.example/b?c=%20#d", "ui://notes", "a:b"] {
            assert!(Uri::parse(text).is_ok(), "{text}");
        }
        for text in
            ["", "note", "://a", "1a:b", "a b:c", "a:", "a:b c", "a:é", "a:%2", "a:%zz", "a:\u{0}", "a:{b}", "a:\\b"]
        {
            assert!(Uri::parse(text).is_err(), "{text}");
        }
        assert!(Uri::parse(&format!("a:{}", "b".repeat(MAX_LENGTH - 2))).is_ok());
        assert_eq!(Uri::parse(&format!("a:{}", "b".repeat(MAX_LENGTH - 1))), Err(InvalidUri::TooLong));
    }

    #[test]
    fn a_template_that_cannot_be_matched_is_refused() {
        for (text, problem) in [
            ("note://1", InvalidTemplate::NoVariable),
            ("note://{id", InvalidTemplate::Variable),
            ("note://{}", InvalidTemplate::Variable),
            ("note://{+id}", InvalidTemplate::Variable),
            ("note://{id*}", InvalidTemplate::Variable),
            ("note://{a}{b}", InvalidTemplate::Adjacent),
            ("note://{a}/{a}", InvalidTemplate::Repeated),
            ("{scheme}://a", InvalidTemplate::Uri),
            ("note{a}://b", InvalidTemplate::Uri),
            ("note://{a}/b c", InvalidTemplate::Uri),
            ("note://{a}}", InvalidTemplate::Uri),
        ] {
            assert_eq!(UriTemplate::parse(text), Err(problem), "{text}");
        }
    }

    #[test]
    fn a_template_gives_its_variables_back() {
        type Row<'a> = (&'a str, &'a str, Option<&'a [(&'a str, &'a str)]>);
        let rows: &[Row<'_>] = &[
            ("note://{id}", "note://7", Some(&[("id", "7")])),
            ("note://{id}", "note://a%20%C3%A9", Some(&[("id", "a é")])),
            ("note://{id}", "note://a%2Fb", Some(&[("id", "a/b")])),
            ("note://{id}", "note://a/b", None),
            ("note://{id}", "note://a?b", None),
            ("note://{id}", "note://", None),
            ("note://{id}", "note://%ff", None),
            ("note://{id}", "Note://7", None),
            ("test://template/{id}/data", "test://template/123/data", Some(&[("id", "123")])),
            ("test://template/{id}/data", "test://template/123/data/data", None),
            ("test://template/{id}/data", "test://template/123", None),
            ("a:{b}-{c}.json", "a:1-2-3.json", Some(&[("b", "1"), ("c", "2-3")])),
            ("a:{b}.json", "a:x.json.json", Some(&[("b", "x.json")])),
        ];
        for (template, uri, expected) in rows {
            let template = UriTemplate::parse(template).unwrap();
            let values = template.matches(&Uri::parse(uri).unwrap());
            let values = values
                .as_ref()
                .map(|values| values.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>());
            assert_eq!(values.as_deref(), *expected, "{template} {uri}");
        }
    }
}
