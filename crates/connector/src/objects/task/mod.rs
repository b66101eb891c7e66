//! The Durable Object of a task.

pub(crate) mod listeners;
pub(crate) mod object;
pub(crate) mod rows;
pub(crate) mod stub;
