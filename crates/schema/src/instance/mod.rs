//! Values and what they have in common with each other.

pub(crate) mod equality;
pub(crate) mod number;
pub(crate) mod path;
