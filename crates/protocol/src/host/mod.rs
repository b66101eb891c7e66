//! What the protocol needs from the place it runs in, cut by subject. The edge implements it; tests implement it natively.

pub(crate) mod bundle;
pub(crate) mod changes;
pub(crate) mod deliveries;
pub(crate) mod event_store;
pub(crate) mod files;
pub(crate) mod platform;
pub(crate) mod request_observer;
pub(crate) mod request_state;
pub(crate) mod sessions;
pub(crate) mod tasks;
pub(crate) mod unavailable;
pub(crate) mod upstream_accounts;
