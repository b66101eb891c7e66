//! Clients: where they are found, and what is noted of those that a person allows.

pub(crate) mod documents;
pub(crate) mod lookup;
pub(crate) mod records;
