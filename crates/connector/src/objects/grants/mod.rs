//! The Durable Object that keeps the codes and grants of one subject.

pub(crate) mod object;
pub(crate) mod rows;
pub(crate) mod stub;
pub(crate) mod upstream_refreshes;
mod upstream_tokens;
