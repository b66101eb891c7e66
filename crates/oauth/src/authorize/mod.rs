//! TODO.

pub mod authorization_request;
pub mod consent;
pub mod pkce;
pub mod prompt;
pub mod scope_catalogue;
pub mod sign_in;
