//! The page at `/`.

pub(crate) mod clients;
pub(crate) mod content;
pub(crate) mod page;
