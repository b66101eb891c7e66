//! Clients: where they are found, and what is recorded of those that a person allows.

pub(crate) mod documents;
pub(crate) mod lookup;
pub(crate) mod records;
