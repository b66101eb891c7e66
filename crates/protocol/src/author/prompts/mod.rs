//! Prompts: as the author declares them, and what their handlers return.

pub(crate) mod into_messages;
pub(crate) mod prompt;
