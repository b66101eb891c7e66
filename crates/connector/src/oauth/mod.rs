//! The endpoints of the authorization server: from HTTP to the rules in `mcp_connector_oauth` and back.

pub(crate) mod access;
pub(crate) mod account;
pub(crate) mod answers;
mod assertion_issuers;
pub(crate) mod authorize;
pub(crate) mod browser_forms;
pub(crate) mod clients;
pub(crate) mod context;
pub(crate) mod identity;
pub(crate) mod introspection;
pub(crate) mod issuer_metadata;
pub(crate) mod metadata;
pub(crate) mod register;
pub(crate) mod revoke;
pub(crate) mod routes;
pub(crate) mod secrets;
pub(crate) mod sign_in_error;
pub(crate) mod token;
pub(crate) mod token_request;
pub(crate) mod upstream;
