//! The methods of the protocol, one file each.
//!
//! A file holds the parameters of its method, what it needs of the caller, how it is carried out and its result. The table in
//! [`client_request`] lists them all.

pub(crate) mod admission;
pub(crate) mod client_notification;
pub(crate) mod client_request;
pub(crate) mod complete;
pub(crate) mod lifecycle;
pub(crate) mod listen;
pub(crate) mod method;
pub(crate) mod need;
pub(crate) mod operation;
pub(crate) mod pagination;
pub(crate) mod params;
pub(crate) mod prompts;
pub(crate) mod request_context;
pub(crate) mod resources;
pub(crate) mod runner;
pub(crate) mod set_level;
pub(crate) mod skills;
pub(crate) mod tasks;
pub(crate) mod tools;
