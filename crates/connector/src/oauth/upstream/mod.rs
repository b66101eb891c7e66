//! Upstream accounts: how people connect them, and how calls get their tokens.

pub(crate) mod access;
pub(crate) mod account;
pub(crate) mod callback;
pub(crate) mod connect;
pub(crate) mod endpoints;
pub(crate) mod error;
pub(crate) mod refresh;
pub(crate) mod revocation;
pub(crate) mod routes;
pub(crate) mod services;
pub(crate) mod signed_in;
pub(crate) mod token_cache;
