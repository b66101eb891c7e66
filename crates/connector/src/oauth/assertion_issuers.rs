//! The identity providers of `TRUSTED_ISSUERS`, whose keys are found by their metadata.

use mcp_connector_oauth::external_issuer::identity_claims::IdentityClaims;
use mcp_connector_oauth::external_issuer::signed_jwt::{SignatureError, SignedJwt};
use mcp_connector_oauth::external_issuer::trusted_issuers::{TrustedIssuer, TrustedIssuers};
use mcp_connector_oauth::token::assertion_issuers::AssertionIssuers;

use crate::oauth::access::key_sets;
use crate::oauth::access::key_sets::KeySource;
use crate::oauth::context::OAuthContext;

/// The issuers of the configuration.
pub(crate) struct ConfiguredIssuers<'a> {
    pub(crate) oauth: &'a OAuthContext<'a>,
}

impl AssertionIssuers for ConfiguredIssuers<'_> {
    fn trusted(&self) -> &TrustedIssuers {
        &self.oauth.configuration().trusted_issuers
    }

    fn claims(&self) -> &IdentityClaims {
        &self.oauth.configuration().identity_claims
    }

    async fn verify(&self, issuer: &TrustedIssuer, assertion: &SignedJwt<'_>) -> Result<(), SignatureError> {
        key_sets::verify(KeySource::Metadata(issuer.issuer()), assertion, self.oauth.now).await
    }
}
