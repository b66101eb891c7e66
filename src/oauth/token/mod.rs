//! The token endpoint: what it takes, what it gives, and how it refuses.

mod endpoint;
mod error;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails")]
mod rules;

pub use endpoint::{ClientToken, Clients, Issued, PersonTokens, TokenEndpoint, TokenResponse};
pub(super) use endpoint::{authenticate, read_form};
pub use error::{CodeProblem, RefreshProblem, TokenError, TokenErrorBody};
