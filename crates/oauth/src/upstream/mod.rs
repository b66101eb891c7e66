//! Upstream accounts: a person allows this server to use a service in their name, by OAuth 2.0 or with a key that they type. The
//! tokens are stored in the person's own object, encrypted.
//!
//! * [`name`] and [`connect_link`] lead a person to the page on which they connect.
//! * [`pending_connection`] is what the browser carries to the service and back.
//! * [`tokens`] reads what the token endpoint answers (RFC 6749 §5.1).
//! * [`connection`] decides about the stored tokens: which are used, which are refreshed, which have ended.
//! * [`store`] and [`commands`] apply that to the rows of one subject, beside the grants.

pub mod commands;
pub mod connect_link;
pub mod connect_target;
pub mod connection;
pub mod name;
pub mod pending_connection;
#[cfg(test)]
mod rule_tests;
pub mod store;
pub mod summary;
pub mod tokens;
