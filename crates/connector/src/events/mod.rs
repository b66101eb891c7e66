//! Events from outside: webhooks, schedules and queues, and announcements of changes that no call has made.

pub(crate) mod announce;
pub(crate) mod triggers;
pub(crate) mod webhook;
