//! What happens outside of calls: webhooks, schedules and queues, and what their handlers can do.

pub(crate) mod declarations;
pub(crate) mod event_context;
pub(crate) mod event_handlers;
pub(crate) mod webhook;
pub(crate) mod webhook_request;
