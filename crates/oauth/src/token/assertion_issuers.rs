//! The identity providers whose assertions about people the token endpoint accepts.

use crate::external_issuer::identity_claims::IdentityClaims;
use crate::external_issuer::signed_jwt::{SignatureError, SignedJwt};
use crate::external_issuer::trusted_issuers::{TrustedIssuer, TrustedIssuers};

/// The issuers whose assertions are accepted, and their keys.
#[allow(async_fn_in_trait, reason = "a Worker has one thread; nobody needs these futures to be Send")]
pub trait AssertionIssuers {
    /// Returns the issuers of the configuration.
    fn trusted(&self) -> &TrustedIssuers;

    /// Returns which claims are kept.
    fn claims(&self) -> &IdentityClaims;

    /// Verifies that an issuer has signed an assertion with one of its keys.
    ///
    /// # Errors
    ///
    /// Returns [`SignatureError::UnknownKey`] if the issuer has no such key, [`SignatureError::BadSignature`] if the
    /// signature is wrong, and [`SignatureError::Outage`] if the keys are out of reach.
    async fn verify(&self, issuer: &TrustedIssuer, assertion: &SignedJwt<'_>) -> Result<(), SignatureError>;
}
