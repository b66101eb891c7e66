//! The Durable Object of a legacy session.

pub(crate) mod calls;
pub(crate) mod carry_out;
pub(crate) mod commands;
pub(crate) mod object;
pub(crate) mod pending_messages;
pub(crate) mod rows;
pub(crate) mod state;
pub(crate) mod stub;
pub(crate) mod waiting;
