//! Why a text was not read.

use serde::de::IgnoredAny;
use thiserror::Error;

/// What is wrong with a text, and where. Holds nothing of the text.
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
    /// RFC 8259 §8.2: the grammar admits it, and it is no character.
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
    /// Returns what `error` says of `text`; `fault` is what our own reader has found.
    pub(crate) fn of(error: &serde_json::Error, fault: Option<Fault>, text: &[u8]) -> Self {
        use serde_json::error::Category;
        let fault = fault.unwrap_or_else(|| match error.classify() {
            Category::Eof => Fault::EndsEarly,
            // Of what the grammar admits, serde_json reads no half pairs and no numbers beyond those of a float.
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
    pub const fn is_too_much(self) -> bool {
        matches!(self.fault, Fault::TooMuch)
    }

    /// Returns whether the text is valid JSON, so that its members can be used for an answer.
    pub const fn is_readable_in_part(self) -> bool {
        matches!(self.fault, Fault::TooMuch | Fault::Surrogate)
    }

    /// Returns whether an object names a member twice.
    pub const fn is_repeated(self) -> bool {
        matches!(self.fault, Fault::Repeated)
    }
}

/// Returns whether `text` is JSON by its grammar. Builds nothing.
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
