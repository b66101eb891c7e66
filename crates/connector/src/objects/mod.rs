//! The Durable Objects. Each has a folder: the commands that it takes, the stub by which the rest of the Worker reaches it, the
//! object itself, and its rows.

pub(crate) mod alarm;
pub(crate) mod anonymous_quota;
pub(crate) mod directory;
pub(crate) mod dispatch;
pub(crate) mod grants;
pub(crate) mod keyring;
pub(crate) mod rows;
pub(crate) mod session;
pub(crate) mod store;
pub(crate) mod stub;
pub(crate) mod subscriptions;
#[cfg(test)]
pub(crate) mod table_tests;
pub(crate) mod tables;
pub(crate) mod task;
