//! The token that a client sends with each request.

use std::future::Future;
use std::pin::Pin;

/// A token that a client sends, in the name of a person.
pub(crate) trait Credential {
    /// Returns the token.
    fn token(&self) -> String;

    /// Takes notice that a server has refused the token (RFC 6750 §3.1). Returns another one, if there is one: the request is sent once
    /// more with it.
    fn refused(&self) -> Pin<Box<dyn Future<Output = Option<String>> + '_>>;
}

/// A token for which there is no other.
pub(crate) struct FixedToken(pub(crate) String);

impl Credential for FixedToken {
    fn token(&self) -> String {
        self.0.clone()
    }

    fn refused(&self) -> Pin<Box<dyn Future<Output = Option<String>> + '_>> {
        Box::pin(async { None })
    }
}
