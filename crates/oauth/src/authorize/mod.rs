//! The authorization endpoint (RFC 6749 §3.1 and §4.1.1): the request, the person's consent, and the response.

pub mod authorization_request;
pub mod authorization_response;
pub mod consent;
pub mod pkce;
pub mod prompt;
pub mod provider_error;
