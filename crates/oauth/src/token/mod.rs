//! The token endpoint: what it takes, what it gives, and how it refuses.

pub mod endpoint;
pub mod error;
pub mod revocation;
#[cfg(test)]
pub mod rule_tests;

pub use endpoint::{ClientToken, Clients, Issued, PersonTokens, TokenEndpoint, TokenResponse};
pub use error::{CodeProblem, RefreshProblem, TokenError, TokenErrorBody};
