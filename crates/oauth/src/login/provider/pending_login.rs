//! A sign-in that waits for the answer of an identity provider.

use serde::{Deserialize, Serialize};

use crate::authorize::consent::{ConsentedRequest, MAX_SEALED_REQUEST};
use crate::authorize::prompt::LoginOptions;
use crate::crypto::seal::Sealable;
use crate::login::provider::error::LoginError;
use crate::upstream::connect_target::ConnectTarget;

/// What a person signs in for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoginPurpose {
    /// To give a client what they allowed.
    Client(Box<ConsentedRequest>),
    /// To see the account page.
    Account,
    /// To connect an upstream account, on the page that they come back to.
    Connect(ConnectTarget),
    /// To prove anew who they are, before an action at the account page that they come back to.
    Reauthentication {
        /// The sealed action.
        pending: String,
    },
}

/// A sign-in while the person is at the provider. It is sealed in the provider's `state`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingLogin {
    pub purpose: LoginPurpose,
    /// The `nonce` that the ID token must have (OpenID Connect Core §3.1.2.1).
    pub nonce: String,
    /// The `code_verifier` for the provider's code (RFC 7636).
    pub verifier: String,
    /// How the person is authenticated there.
    pub login: LoginOptions,
    /// Whether the provider has announced that every response has `iss` (RFC 9207 §3).
    pub sends_iss: bool,
}

impl PendingLogin {
    /// Checks that a response can be the provider's (RFC 9207 §2.4). `iss` must be one of `own`, the provider's identifiers, and
    /// must be there if the provider has announced it.
    ///
    /// This applies to error responses, too, and comes before anything else of the response is used.
    ///
    /// # Errors
    ///
    /// Returns [`LoginError::InvalidResponse`] if `iss` is not one of `own`, or is missing although the provider has
    /// announced it.
    pub fn check_iss(&self, iss: Option<&str>, own: &[&str]) -> Result<(), LoginError> {
        match iss {
            Some(iss) if own.contains(&iss) => Ok(()),
            Some(_) => Err(LoginError::InvalidResponse("with another issuer in `iss`")),
            None if self.sends_iss => {
                Err(LoginError::InvalidResponse("without `iss`, which its metadata promises (RFC 9207)"))
            }
            None => Ok(()),
        }
    }
}

impl Sealable for PendingLogin {
    const PURPOSE: &'static str = "login at the identity provider";
    const MAX_SEALED_LENGTH: usize = MAX_SEALED_REQUEST;
}
