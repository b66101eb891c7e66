//! The Durable Object of a task, and that of an event for which tasks wait, which has the same class.

pub(crate) mod event;
pub(crate) mod event_rows;
pub(crate) mod listeners;
pub(crate) mod object;
pub(crate) mod rows;
pub(crate) mod stub;
pub(crate) mod wait;
