//! A sign-in that waits for the answer of an identity provider.

use serde::{Deserialize, Serialize};

use crate::authorize::consent::{ConsentedRequest, MAX_SEALED_REQUEST};
use crate::authorize::prompt::LoginOptions;
use crate::crypto::seal::Sealable;
use crate::login::provider::error::LoginError;

/// What a person wants to be known for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoginPurpose {
    /// To give a client what they have consented to.
    Client(Box<ConsentedRequest>),
    /// To see the apps that they have connected.
    Account,
}

/// What a person was about to do, while they are away at the provider. It travels as the provider's `state`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingLogin {
    pub purpose: LoginPurpose,
    /// What the provider has to put into its token (OpenID Connect Core §3.1.2.1).
    pub nonce: String,
    /// What proves that the code is ours (RFC 7636).
    pub verifier: String,
    /// How the provider was asked.
    pub login: LoginOptions,
    /// Whether the provider has announced that it names itself in every answer (RFC 9207 §3).
    pub sends_iss: bool,
}

impl PendingLogin {
    /// Returns whether an answer that came by way of the person's browser can be the provider's (RFC 9207 §2.4): if it says whose
    /// it is, that must be one of `own`, the provider's names; and it must say so if the provider always does. To be asked of
    /// refusals too, and before anything else in the answer is used.
    pub fn check_iss(&self, iss: Option<&str>, own: &[&str]) -> Result<(), LoginError> {
        match iss {
            Some(iss) if own.contains(&iss) => Ok(()),
            Some(_) => Err(LoginError::InvalidResponse("of another issuer")),
            None if self.sends_iss => Err(LoginError::InvalidResponse("of nobody, though it always says its name")),
            None => Ok(()),
        }
    }
}

impl Sealable for PendingLogin {
    const PURPOSE: &'static str = "errand at the identity provider";
    const MAX_SEALED_LENGTH: usize = MAX_SEALED_REQUEST;
}
