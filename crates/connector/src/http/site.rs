//! The origin that a request asks, and the absolute URLs that follow from it.

use std::cell::RefCell;
use std::rc::Rc;

use mcp_connector_oauth::resource::challenge::MetadataUrl;
use mcp_connector_oauth::resource::protected_resource::{Resource, ResourceServer};
use mcp_connector_oauth::web::origin::{Issuer, Origin};
use mcp_connector_oauth::web::web_url::InvalidUrl;

use crate::config::configuration::Configuration;
use crate::http::document_cache::DocumentCache;
use crate::http::route::McpEndpoint;

/// The address of this server as the client of a request sees it.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// The origin that the client asked, by its Host header and scheme.
    pub(crate) asked: Origin,
    /// The origin that documents name: `PUBLIC_URL` if it is set, else `asked`.
    pub(crate) issuer: Issuer,
    /// The protected resources, as tokens and documents name them.
    pub(crate) resources: ResourceServer,
    /// The documents that name these addresses.
    pub(crate) documents: DocumentCache,
    /// The URLs of the metadata of the resources, as challenges name them.
    metadata_urls: [Option<MetadataUrl>; McpEndpoint::ALL.len()],
}

impl Site {
    pub(crate) fn of(asked: &str, configuration: &Configuration) -> Result<Self, InvalidUrl> {
        let asked = Origin::of(asked)?;
        let issuer = configuration.public_url.clone().unwrap_or_else(|| Issuer::new(asked.clone()));
        let resources = ResourceServer::new(issuer.origin());
        let mut site =
            Self { asked, issuer, resources, documents: DocumentCache::default(), metadata_urls: Default::default() };
        site.metadata_urls =
            McpEndpoint::ALL.map(|endpoint| MetadataUrl::new(&site.resource(endpoint).metadata_url()).ok());
        Ok(site)
    }

    /// Returns the URL that a person pastes into a client. It is the identifier of the protected resource.
    pub(crate) const fn resource(&self, endpoint: McpEndpoint) -> &Resource {
        match endpoint {
            McpEndpoint::Lazy => self.resources.mcp(),
            McpEndpoint::Private => self.resources.private_mcp(),
            McpEndpoint::HttpSse => self.resources.sse(),
        }
    }

    /// Returns the URL of the endpoint's protected-resource metadata. None only if the host has characters that no host
    /// has.
    pub(crate) fn metadata_url(&self, endpoint: McpEndpoint) -> Option<MetadataUrl> {
        let mut urls = McpEndpoint::ALL.into_iter().zip(&self.metadata_urls);
        urls.find(|(known, _)| *known == endpoint)?.1.clone()
    }
}

/// The site that was asked last, which nearly always is the one that is asked next.
#[derive(Default)]
pub(crate) struct LastSite(RefCell<Option<(String, Rc<Site>)>>);

impl LastSite {
    /// Returns the site at `asked`, which is parsed only if another one was asked before.
    pub(crate) fn of(&self, asked: &str, configuration: &Configuration) -> Result<Rc<Site>, InvalidUrl> {
        if let Some((last, site)) = &*self.0.borrow()
            && last == asked
        {
            return Ok(Rc::clone(site));
        }
        let site = Rc::new(Site::of(asked, configuration)?);
        self.0.replace(Some((asked.to_owned(), Rc::clone(&site))));
        Ok(site)
    }
}
