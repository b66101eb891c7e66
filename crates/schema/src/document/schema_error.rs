//! Mistakes in a schema. Its author reads them in the output of a test or at start.

use thiserror::Error;

use crate::document::location::Location;
use crate::keywords::invalid_pattern::InvalidPattern;

/// The dialect that this crate implements.
pub(crate) const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A mistake in a schema, and its location in the document.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("schema at `{location}`: {kind}")]
pub struct SchemaError {
    location: Location,
    kind: SchemaErrorKind,
}

/// What is wrong with a schema.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum SchemaErrorKind {
    #[error("a schema is an object or a boolean")]
    NotASchema,
    #[error("the dialect `{0}` is not supported; this server knows {DIALECT}")]
    Dialect(String),
    #[error("the keyword `{0}` is not supported")]
    UnsupportedKeyword(&'static str),
    #[error("`{keyword}` must be {expected}")]
    Keyword { keyword: &'static str, expected: &'static str },
    #[error("`{0}` is used twice as an identifier")]
    DuplicateIdentifier(String),
    #[error("`{0}` points outside of this document, and schemas are never fetched")]
    ReferenceOutside(String),
    #[error("`{0}` points at nothing")]
    DanglingReference(String),
    #[error("the pattern `{pattern}` cannot be used: {reason}")]
    Pattern { pattern: String, reason: InvalidPattern },
    #[error("it applies itself to the same value without end")]
    InfiniteRecursion,
    #[error("the document nests too deeply or holds too many schemas")]
    TooLarge,
}

impl SchemaErrorKind {
    pub(crate) fn at(self, location: &Location) -> SchemaError {
        SchemaError { location: location.clone(), kind: self }
    }
}

/// Returns the beginning of a text from a schema, short enough for a message.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().take(200).collect()
}
