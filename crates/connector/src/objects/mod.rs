//! TODO.

pub(crate) mod anonymous_quota;
pub(crate) mod command;
pub(crate) mod directory;
pub(crate) mod directory_rows;
pub(crate) mod grants;
pub(crate) mod keyring;
pub(crate) mod last_writes;
pub(crate) mod pending_messages;
pub(crate) mod rows;
pub(crate) mod session;
pub(crate) mod session_rows;
pub(crate) mod subject_store;
pub(crate) mod subscriptions;
#[cfg(test)]
pub(crate) mod table_tests;
pub(crate) mod task;
pub(crate) mod task_rows;
pub(crate) mod waiting;
pub(crate) mod watched_rows;
