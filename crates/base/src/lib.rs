//! What the crates of `mcp-connector` share: callers and scopes, identifiers, time and randomness, versioned rows, commands to
//! Durable Objects, and JSON from outside.
//!
//! Authors of connectors use it through `mcp-connector`, and need nothing of this crate.
//!
//! # Examples
//!
//! A caller may lack scopes that a request needs (RFC 6749 §3.3):
//!
//! ```
//! use mcp_connector_base::scope::{InvalidScope, Scope, ScopeSet};
//!
//! const NOTES_READ: Scope = Scope::new("notes:read", "Read your notes");
//! const NOTES_WRITE: Scope = Scope::new("notes:write", "Change your notes");
//!
//! let required: ScopeSet = [NOTES_READ, NOTES_WRITE].into_iter().collect();
//! let granted = ScopeSet::parse("profile notes:read")?;
//! assert_eq!(required.difference(&granted).as_str(), "notes:write");
//! # Ok::<(), InvalidScope>(())
//! ```

#![allow(missing_docs, reason = "the API for authors is `mcp-connector`")]

pub mod authorization_parameters;
pub mod caller;
pub mod codec;
pub mod command;
pub mod http_token;
pub mod identifier;
pub mod json;
pub mod outage;
pub mod profile;
pub mod random;
pub mod row;
pub mod scope;
#[cfg(any(test, feature = "testing"))]
pub mod test_storage_compat;
pub mod timestamp;
