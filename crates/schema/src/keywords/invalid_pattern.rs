//! Why a pattern cannot be used.

use thiserror::Error;

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum InvalidPattern {
    #[error("it ends too early")]
    Incomplete,
    #[error("a quantifier has nothing to repeat")]
    NothingToRepeat,
    #[error("`{{`, `}}` and `]` need a backslash where they stand for themselves")]
    NeedsEscape,
    #[error("the bounds of a range are in the wrong order")]
    Range,
    #[error("an escape means nothing")]
    Escape,
    #[error("look-around and back-references are not supported")]
    LookAround,
    #[error("this kind of group is not supported")]
    Group,
    #[error("it is too large; `minLength` and `maxLength` bound a string without any cost")]
    TooLarge,
    /// A mistake that the parser of the regex crate finds.
    #[error("{0}")]
    Syntax(String),
}
