//! Why a sign-in at an identity provider fails.

use thiserror::Error;

use crate::login::disallowed_user::DisallowedUser;
use crate::login::provider::token_endpoint_error::TokenEndpointError;

/// Why a sign-in fails. The text is for the log; the person sees only the text of [`NotAllowed`](Self::NotAllowed).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoginError {
    /// The provider's answer is malformed, or belongs to another sign-in.
    #[error("the answer of the identity provider does not fit: {0}")]
    InvalidResponse(&'static str),
    /// The provider does not redeem its code.
    #[error("the identity provider refused the code: {0}")]
    TokenEndpoint(TokenEndpointError),
    /// The person is not on the list.
    #[error("{0}")]
    NotAllowed(Box<DisallowedUser>),
}
