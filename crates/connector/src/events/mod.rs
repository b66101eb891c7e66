//! Events from outside: webhooks, schedules and queues, announcements of changes that no call has made, and
//! what is delivered to calls that wait.

pub(crate) mod announce;
pub(crate) mod deliver;
pub(crate) mod triggers;
pub(crate) mod webhook;
