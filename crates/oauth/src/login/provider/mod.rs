//! Sign-in through an identity provider: OpenID Connect Core, or GitHub's OAuth.

pub mod access;
pub mod error;
pub mod metadata;
pub mod pending_login;
pub mod profile;
pub mod response;
pub mod state;
pub mod token_endpoint_error;
