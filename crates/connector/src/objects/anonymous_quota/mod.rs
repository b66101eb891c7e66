//! The Durable Object that limits what clients without a token may have.

pub(crate) mod commands;
pub(crate) mod object;
pub(crate) mod stub;
