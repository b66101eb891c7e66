//! Why a value is invalid, in words that let a language model correct its call.

pub(crate) mod report;
pub(crate) mod text;
pub(crate) mod violation;
