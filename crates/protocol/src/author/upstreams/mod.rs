//! Upstream services: what a connector uses in the name of each person, with the account that they have there.

pub(crate) mod invalid_upstream;
pub(crate) mod upstream;
