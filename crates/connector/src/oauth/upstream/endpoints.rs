//! The endpoints of an upstream service: as the author has declared them, or as its metadata says.

use mcp_connector_base::outage::Outage;
use mcp_connector_oauth::login::provider::metadata::{ProviderMetadata, SecretPlace};

use crate::oauth::identity::upstream;
use crate::oauth::identity::upstream::{ClientCredentials, TokenEndpoint};
use crate::oauth::upstream::services::{OAuthService, ServiceEndpoints};

/// The endpoints of a service.
pub(crate) struct Endpoints {
    pub(crate) authorize_url: String,
    token_url: String,
    revoke_url: Option<String>,
    secret_place: SecretPlace,
    /// The `iss` that every authorization response has (RFC 9207 §3).
    pub(crate) announced_iss: Option<String>,
    /// The metadata of an OpenID provider.
    pub(crate) metadata: Option<ProviderMetadata>,
}

impl Endpoints {
    /// Returns the endpoints of a service. Those of an OpenID provider are fetched.
    ///
    /// # Errors
    ///
    /// Fails if the metadata is out of reach.
    pub(crate) async fn of(service: &OAuthService) -> Result<Self, Outage> {
        match &service.endpoints {
            ServiceEndpoints::Declared { authorize_url, token_url, revoke_url, issuer, secret_place } => Ok(Self {
                authorize_url: authorize_url.clone(),
                token_url: token_url.clone(),
                revoke_url: revoke_url.clone(),
                secret_place: *secret_place,
                announced_iss: issuer.clone(),
                metadata: None,
            }),
            ServiceEndpoints::Discovered(issuer) => {
                let metadata = upstream::metadata(issuer).await?;
                Ok(Self {
                    authorize_url: metadata.authorization_endpoint.clone(),
                    token_url: metadata.token_endpoint.clone(),
                    revoke_url: metadata.revocation_endpoint.clone(),
                    secret_place: metadata.secret_place,
                    announced_iss: metadata.sends_iss.then(|| issuer.as_str().to_owned()),
                    metadata: Some(metadata),
                })
            }
        }
    }

    /// Returns the token endpoint.
    pub(crate) fn token(&self) -> TokenEndpoint {
        TokenEndpoint { url: self.token_url.clone(), secret_place: self.secret_place }
    }

    /// Returns the revocation endpoint, if the service has one (RFC 7009).
    pub(crate) fn revocation(&self) -> Option<TokenEndpoint> {
        let url = self.revoke_url.clone()?;
        Some(TokenEndpoint { url, secret_place: self.secret_place })
    }
}

impl OAuthService {
    /// Returns what this server proves who it is with.
    pub(crate) fn credentials(&self) -> ClientCredentials<'_> {
        ClientCredentials { id: &self.client.id, secret: &self.client.secret }
    }

    /// Returns the identifier that the service may send as `iss` (RFC 9207 §2), if it is known.
    pub(crate) fn issuer(&self) -> Option<&str> {
        match &self.endpoints {
            ServiceEndpoints::Declared { issuer, .. } => issuer.as_deref(),
            ServiceEndpoints::Discovered(issuer) => Some(issuer.as_str()),
        }
    }
}
