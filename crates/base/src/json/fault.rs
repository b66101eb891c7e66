//! Why a JSON text is refused.

use serde::de::IgnoredAny;
use thiserror::Error;

/// What is wrong with a text, and where. It has nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{fault} (line {line}, column {column})")]
pub struct JsonError {
    fault: Fault,
    line: usize,
    column: usize,
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum Fault {
    #[error("it ends too early")]
    EndsEarly,
    #[error("syntax error")]
    Syntax,
    #[error("a number is out of range")]
    Number,
    /// The grammar admits half of a surrogate pair, but it is not a character (RFC 8259 §8.2).
    #[error("a string holds half of a surrogate pair, which is no character")]
    Surrogate,
    #[error("an object names a member twice")]
    Repeated,
    #[error("more than {} levels of nesting", crate::json::limit::MAX_DEPTH)]
    TooDeep,
    #[error("it holds more values than this server accepts")]
    TooMuch,
    #[error("it is not an object")]
    NotAnObject,
}

impl JsonError {
    /// Creates the error for what `serde_json` reports about `text`. `fault` is what this module has found.
    pub(crate) fn of(error: &serde_json::Error, fault: Option<Fault>, text: &[u8]) -> Self {
        use serde_json::error::Category;
        let fault = fault.unwrap_or_else(|| match error.classify() {
            Category::Eof => Fault::EndsEarly,
            // The grammar admits half pairs and numbers beyond the range of a float, but serde_json does not.
            Category::Data | Category::Syntax | Category::Io if !is_json(text) => Fault::Syntax,
            Category::Data | Category::Syntax | Category::Io if has_half_pair(text) => Fault::Surrogate,
            Category::Data | Category::Syntax | Category::Io => Fault::Number,
        });
        Self { fault, line: error.line(), column: error.column() }
    }

    pub(crate) const fn at_start(fault: Fault) -> Self {
        Self { fault, line: 1, column: 1 }
    }

    /// Returns whether the text is valid JSON whose values would take too much memory.
    #[must_use]
    pub const fn is_too_much(self) -> bool {
        matches!(self.fault, Fault::TooMuch)
    }

    /// Returns whether the text is valid JSON, so that an answer can use its members.
    #[must_use]
    pub const fn is_readable_in_part(self) -> bool {
        matches!(self.fault, Fault::TooMuch | Fault::Surrogate)
    }

    /// Returns whether an object repeats a member.
    #[must_use]
    pub const fn is_repeated(self) -> bool {
        matches!(self.fault, Fault::Repeated)
    }
}

/// Returns whether `text` conforms to the grammar of JSON.
fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// Returns whether an escape in `text`, which is JSON, is half of a surrogate pair.
fn has_half_pair(text: &[u8]) -> bool {
    let mut rest = text;
    let mut is_after_high = false;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let unit = match (byte, after) {
            (b'\\', [b'u', a, b, c, d, after @ ..]) => {
                rest = after;
                let digits = [*a, *b, *c, *d];
                std::str::from_utf8(&digits).ok().and_then(|digits| u16::from_str_radix(digits, 16).ok())
            }
            (b'\\', [_, after @ ..]) => {
                rest = after;
                None
            }
            _ => None,
        };
        match (is_after_high, unit) {
            (true, Some(0xDC00..=0xDFFF)) => is_after_high = false,
            (true, _) | (false, Some(0xDC00..=0xDFFF)) => return true,
            (false, Some(0xD800..=0xDBFF)) => is_after_high = true,
            (false, _) => {}
        }
    }
    is_after_high
}
