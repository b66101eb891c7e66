//! Keywords in the form in which they are checked.

pub(crate) mod compiled;
pub(crate) mod ecma_262;
pub(crate) mod invalid_pattern;
pub(crate) mod multiple_of;
pub(crate) mod pattern;
pub(crate) mod types;
