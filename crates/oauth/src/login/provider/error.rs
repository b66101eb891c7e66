//! Why a sign-in at an identity provider did not succeed.

use thiserror::Error;

use crate::login::disallowed_user::DisallowedUser;
use crate::login::provider::token_endpoint_error::TokenEndpointError;

/// Why nobody is signed in. For the log; the person is told only about the last case.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoginError {
    /// The answer of the provider makes no sense, or not for this sign-in.
    #[error("the answer of the identity provider does not fit: {0}")]
    InvalidResponse(&'static str),
    /// The provider does not redeem its code.
    #[error("the identity provider refused the code: {0}")]
    TokenEndpoint(TokenEndpointError),
    /// The person is not on the list.
    #[error("{0}")]
    NotAllowed(Box<DisallowedUser>),
}
