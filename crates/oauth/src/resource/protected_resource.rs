//! The protected resources of this server, as the parameter `resource` names them (RFC 8707, MCP "Canonical Server URI"): `/mcp`,
//! which asks for a token if a tool needs it, `/private/mcp`, which always does, and `/sse`, which is `/mcp` for clients of
//! 2024-11-05. Each is an audience of its own.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::web::origin::{Issuer, Origin};
use crate::web::web_url::{InvalidUrl, WebUrl};

/// Path of the resource that serves public tools without a token.
pub const MCP_PATH: &str = "/mcp";
/// Path of the resource where every request needs a token.
pub const PRIVATE_MCP_PATH: &str = "/private/mcp";
/// Path of the resource with the transport of 2024-11-05.
pub const SSE_PATH: &str = "/sse";
/// Path of Protected Resource Metadata, between the host and the path of the resource (RFC 9728 §3).
pub const PROTECTED_RESOURCE_METADATA_PATH: &str = "/.well-known/oauth-protected-resource";

/// Why a text is not a resource identifier (RFC 8707 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidResource {
    /// The text is not an http or https URL.
    #[error(transparent)]
    Url(#[from] InvalidUrl),
    /// The URL has a query, a fragment, or an empty segment.
    #[error("a resource has no query, no fragment, and no empty segments")]
    Shape,
}

/// The identifier of a resource, in canonical form: scheme and host in lower case, without default port, slash at the end, or
/// fragment. Two resources are the same if and only if their texts are.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Resource {
    text: Arc<str>,
    /// Index of the path in `text`.
    path_at: usize,
}

impl Resource {
    /// Parses an identifier, and brings it into canonical form.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidResource::Url`] if the text is not an http or https URL, and [`InvalidResource::Shape`] if it
    /// has a query, a fragment or an empty segment.
    pub fn parse(text: &str) -> Result<Self, InvalidResource> {
        let url = WebUrl::parse(text)?;
        if url.query.is_some() || url.fragment.is_some() || url.path.contains("//") {
            return Err(InvalidResource::Shape);
        }
        let path = url.path.strip_suffix('/').unwrap_or(url.path);
        Ok(Self::at(&url.origin(), path))
    }

    /// Creates a resource. The path is empty, or begins with a slash and does not end with one.
    fn at(origin: &Origin, path: &str) -> Self {
        Self { text: format!("{origin}{path}").into(), path_at: origin.as_str().len() }
    }

    /// Returns the text, which is the audience of its tokens.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the path: of a resource of this server, that of its endpoint.
    #[must_use]
    pub fn path(&self) -> &str {
        self.text.get(self.path_at..).unwrap_or_default()
    }

    /// Returns whether the resource belongs to this server, by this name.
    #[must_use]
    pub fn is_of(&self, issuer: &Issuer) -> bool {
        self.is_at(issuer.origin())
    }

    /// Returns whether an issuer issues tokens for the resource: for its own, and for those of its other connectors.
    #[must_use]
    pub fn is_under(&self, issuer: &Issuer, connectors: &[Origin]) -> bool {
        self.is_of(issuer) || connectors.iter().any(|connector| self.is_at(connector))
    }

    /// Returns whether the resource is at an origin.
    #[must_use]
    pub fn is_at(&self, origin: &Origin) -> bool {
        self.as_str().strip_prefix(origin.as_str()).is_some_and(|path| path.is_empty() || path.starts_with('/'))
    }

    /// Returns the URL of its metadata (RFC 9728 §3.1), as a challenge has it in `resource_metadata`.
    #[must_use]
    pub fn metadata_url(&self) -> String {
        let (origin, path) = self.text.split_at_checked(self.path_at).unwrap_or((&self.text, ""));
        format!("{origin}{PROTECTED_RESOURCE_METADATA_PATH}{path}")
    }
}

impl TryFrom<String> for Resource {
    type Error = InvalidResource;

    fn try_from(text: String) -> Result<Self, InvalidResource> {
        Self::parse(&text)
    }
}

impl From<Resource> for String {
    fn from(resource: Resource) -> Self {
        resource.as_str().to_owned()
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The resources at one origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceServer {
    mcp: Resource,
    private_mcp: Resource,
    sse: Resource,
}

impl ResourceServer {
    /// Creates the resources of an origin.
    #[must_use]
    pub fn new(origin: &Origin) -> Self {
        Self {
            mcp: Resource::at(origin, MCP_PATH),
            private_mcp: Resource::at(origin, PRIVATE_MCP_PATH),
            sse: Resource::at(origin, SSE_PATH),
        }
    }

    /// Returns `/mcp`, the resource of a request that names none.
    #[must_use]
    pub const fn mcp(&self) -> &Resource {
        &self.mcp
    }

    /// Returns `/private/mcp`.
    #[must_use]
    pub const fn private_mcp(&self) -> &Resource {
        &self.private_mcp
    }

    /// Returns `/sse`.
    #[must_use]
    pub const fn sse(&self) -> &Resource {
        &self.sse
    }

    /// Returns whether a resource is one of these.
    #[must_use]
    pub fn has(&self, resource: &Resource) -> bool {
        self.all().contains(&resource)
    }

    const fn all(&self) -> [&Resource; 3] {
        [&self.mcp, &self.private_mcp, &self.sse]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn server() -> ResourceServer {
        ResourceServer::new(&Origin::of("https://mcp.example.com").unwrap())
    }

    #[test]
    fn every_spelling_of_a_resource_has_one_canonical_form() {
        for text in [
            "https://mcp.example.com/mcp",
            "https://mcp.example.com/mcp/",
            "HTTPS://MCP.Example.com/mcp",
            "https://mcp.example.com:443/mcp",
        ] {
            assert_eq!(Resource::parse(text).unwrap().as_str(), "https://mcp.example.com/mcp", "{text}");
        }
        assert_eq!(Resource::parse("https://mcp.example.com/").unwrap().as_str(), "https://mcp.example.com");
        assert_ne!(
            Resource::parse("https://mcp.example.com/MCP"),
            Resource::parse("https://mcp.example.com/mcp"),
            "a path has case"
        );
    }

    #[test]
    fn a_resource_has_no_query_no_fragment_and_no_odd_segments() {
        for text in ["https://a/mcp?x", "https://a/mcp#x", "https://a/mcp#", "https://a//", "https://a/mcp//"] {
            assert_eq!(Resource::parse(text), Err(InvalidResource::Shape), "{text}");
        }
        for text in ["https://a/x/../mcp", "https://a/%2e%2e/mcp"] {
            assert_eq!(Resource::parse(text), Err(InvalidUrl::NotNormalized.into()), "{text}");
        }
        assert!(matches!(Resource::parse("urn:mcp"), Err(InvalidResource::Url(_))));
    }

    proptest! {
        #[test]
        fn a_canonical_resource_is_its_own_canonical_form(text in "(https?|HTTP)://[a-zA-Z0-9.:-]{1,12}(/[a-z%2Ee.]{0,6}){0,3}/?") {
            if let Ok(resource) = Resource::parse(&text) {
                prop_assert_eq!(Resource::parse(resource.as_str()).unwrap(), resource.clone());
                prop_assert!(!resource.as_str().ends_with('/'));
            }
        }
    }

    #[test]
    fn a_resource_belongs_to_the_server_whose_origin_it_has() {
        let issuer = Issuer::parse("https://mcp.example.com").unwrap();
        for (resource, is_of) in [
            ("https://mcp.example.com/mcp", true),
            ("https://mcp.example.com/private/mcp", true),
            ("https://mcp.example.com", true),
            ("https://mcp.example.com:8443/mcp", false),
            ("https://mcp.example.community/mcp", false),
            ("https://other.example.com/mcp", false),
            ("http://mcp.example.com/mcp", false),
        ] {
            assert_eq!(Resource::parse(resource).unwrap().is_of(&issuer), is_of, "{resource}");
        }
    }

    #[test]
    fn the_metadata_path_is_inserted_between_host_and_path() {
        let server = server();
        let at = "https://mcp.example.com/.well-known/oauth-protected-resource";
        assert_eq!(server.mcp().metadata_url(), format!("{at}/mcp"));
        assert_eq!(server.private_mcp().metadata_url(), format!("{at}/private/mcp"));
        assert_eq!(Resource::parse("https://mcp.example.com").unwrap().metadata_url(), at);
    }
}
