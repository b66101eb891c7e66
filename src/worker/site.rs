//! The place that was asked, and the absolute URLs that follow from it.

use crate::oauth::challenge::MetadataUrl;
use crate::oauth::origin::{Issuer, Origin};
use crate::oauth::web_url::InvalidUrl;

use super::configuration::Configuration;
use super::route::McpEndpoint;

/// Our own address as the client of this request sees it.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// What the client asked: by its Host header and scheme.
    pub(crate) asked: Origin,
    /// What documents name: `PUBLIC_URL` where it is set, else `asked`.
    pub(crate) issuer: Issuer,
}

impl Site {
    pub(crate) fn of(asked: &str, configuration: &Configuration) -> Result<Self, InvalidUrl> {
        let asked = Origin::of(asked)?;
        let issuer = configuration.public_url.clone().unwrap_or_else(|| Issuer::new(asked.clone()));
        Ok(Self { asked, issuer })
    }

    /// The URL that a person pastes into a client, and the identifier of the protected resource.
    pub(crate) fn resource(&self, endpoint: McpEndpoint) -> String {
        self.issuer.at(endpoint.path())
    }

    /// Where the endpoint's protected-resource metadata is. None only where the host has characters that no host has.
    pub(crate) fn metadata_url(&self, endpoint: McpEndpoint) -> Option<MetadataUrl> {
        MetadataUrl::new(&format!("{}/.well-known/oauth-protected-resource{}", self.issuer, endpoint.path())).ok()
    }
}
