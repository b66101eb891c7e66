//! The resources for which this server issues tokens (RFC 8707): those of its own connector, and those of the connectors that
//! `CONNECTORS` names. A token is for one of them, and has scopes of its connector only.

use thiserror::Error;

use mcp_connector_base::scope::ScopeSet;

use crate::resource::connectors::Connectors;
use crate::resource::protected_resource::{Resource, ResourceServer};
use crate::resource::scope_catalogue::ScopeCatalogue;
use crate::web::form::Parameters;
use crate::web::origin::Origin;

/// The parameter `resource` is repeated, or names no resource for which this server issues tokens: `invalid_target` (RFC 8707 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the resource parameter must name one resource of this server")]
pub struct InvalidTarget;

/// The resources, and the scopes of each.
#[derive(Clone, Copy, Debug)]
pub struct Audiences<'a> {
    /// The resources of this server's own connector.
    resources: &'a ResourceServer,
    /// The scopes of this server's own connector.
    scopes: &'a ScopeCatalogue,
    others: Option<&'a Connectors>,
}

impl<'a> Audiences<'a> {
    /// Creates the audiences of a server that issues tokens for its own connector only.
    #[must_use]
    pub const fn new(resources: &'a ResourceServer, scopes: &'a ScopeCatalogue) -> Self {
        Self { resources, scopes, others: None }
    }

    /// Returns the same with other connectors.
    #[must_use]
    pub const fn and(self, others: &'a Connectors) -> Self {
        Self { others: Some(others), ..self }
    }

    /// Returns the scopes of this server's own connector.
    #[must_use]
    pub const fn own_scopes(&self) -> &'a ScopeCatalogue {
        self.scopes
    }

    /// Returns the resource of a request (RFC 8707 §2), and the scopes of its connector. Without the parameter it is `/mcp` of this
    /// server, because clients of the first protocol revisions do not send it.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidTarget`] if the parameter is repeated, or names no resource for which this server issues
    /// tokens.
    pub fn requested(&self, parameters: &Parameters) -> Result<(Resource, &'a ScopeCatalogue), InvalidTarget> {
        let resource = match parameters.get("resource").map_err(|_| InvalidTarget)? {
            Some(text) => Resource::parse(text).map_err(|_| InvalidTarget)?,
            None => self.resources.mcp().clone(),
        };
        let scopes = self.scopes_of(&resource).ok_or(InvalidTarget)?;
        Ok((resource, scopes))
    }

    /// Returns whether this server issues tokens for a resource.
    #[must_use]
    pub fn has(&self, resource: &Resource) -> bool {
        self.scopes_of(resource).is_some()
    }

    /// Returns the scopes of the connector that has a resource, or `None` if this server issues no tokens for it.
    #[must_use]
    pub fn scopes_of(&self, resource: &Resource) -> Option<&'a ScopeCatalogue> {
        if self.resources.has(resource) {
            return Some(self.scopes);
        }
        Some(self.others?.of(resource)?.scopes())
    }

    /// Returns whether these scopes of a token request mean the default ([`ScopeCatalogue::means_default`]). A request that names no
    /// resource is for one of them all.
    #[must_use]
    pub fn means_default(&self, resource: Option<&Resource>, asked: &ScopeSet) -> bool {
        if let Some(scopes) = resource.and_then(|resource| self.scopes_of(resource)) {
            return scopes.means_default(asked);
        }
        let mut others = self.others.into_iter().flat_map(Connectors::iter);
        self.scopes.means_default(asked) && others.all(|connector| connector.scopes().means_default(asked))
    }

    /// Returns the origins of the other connectors.
    #[must_use]
    pub fn other_origins(&self) -> Vec<Origin> {
        self.others.into_iter().flat_map(Connectors::iter).map(|connector| connector.origin().clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use mcp_connector_base::scope::Scope;

    use super::*;

    const READ: Scope = Scope::new("notes:read", "Read your notes");

    fn with_audiences<T>(check: impl FnOnce(Audiences<'_>) -> T) -> T {
        let resources = ResourceServer::new(&Origin::of("https://mcp.example.com").unwrap());
        let scopes = ScopeCatalogue::new([READ], &ScopeSet::from(READ));
        let others = Connectors::parse(
            r#"[{"url": "https://wiki.example", "name": "Wiki", "scopes": {"pages:read": "Read"}, "sign_in": "pages:read"}]"#,
        );
        check(Audiences::new(&resources, &scopes).and(&others.unwrap()))
    }

    fn requested(query: &str) -> Result<String, InvalidTarget> {
        let parameters = Parameters::parse(query.as_bytes()).unwrap();
        with_audiences(|audiences| {
            let (resource, scopes) = audiences.requested(&parameters)?;
            Ok(format!("{resource} {}", scopes.all()))
        })
    }

    #[test]
    fn a_request_without_a_resource_means_mcp_of_this_server() {
        assert_eq!(requested("").unwrap(), "https://mcp.example.com/mcp notes:read");
        assert_eq!(requested("resource=").unwrap(), "https://mcp.example.com/mcp notes:read");
    }

    #[test]
    fn a_request_may_name_each_resource_of_this_server_and_of_its_connectors() {
        for (query, expected) in [
            ("resource=https://mcp.example.com/private/mcp", "https://mcp.example.com/private/mcp notes:read"),
            ("resource=https%3A%2F%2FMCP.example.com%2Fmcp%2F", "https://mcp.example.com/mcp notes:read"),
            ("resource=https://wiki.example/mcp", "https://wiki.example/mcp pages:read"),
            ("resource=https://WIKI.example/private/mcp/", "https://wiki.example/private/mcp pages:read"),
        ] {
            assert_eq!(requested(query).unwrap(), expected, "{query}");
        }
    }

    #[test]
    fn a_repeated_or_unknown_resource_is_an_invalid_target() {
        for query in [
            "resource=https://mcp.example.com/mcp&resource=https://mcp.example.com/mcp",
            "resource=https://mcp.example.com/mcp&resource=",
            "resource=https://mcp.example.com",
            "resource=https://mcp.example.com/private",
            "resource=https://mcp.example.com/mcp/x",
            "resource=https://mcp.example.com/mcpx",
            "resource=https://mcp.example.com//mcp",
            "resource=http://mcp.example.com/mcp",
            "resource=https://mcp.example.com:8443/mcp",
            "resource=https://other.example.com/mcp",
            "resource=https://user@mcp.example.com/mcp",
            "resource=https://wiki.example",
            "resource=https://wiki.example/x",
            "resource=https://wiki.example.com/mcp",
            "resource=http://wiki.example/mcp",
            "resource=mcp",
        ] {
            assert_eq!(requested(query), Err(InvalidTarget), "{query}");
        }
    }

    #[test]
    fn scopes_mean_the_default_at_the_connector_that_they_are_for() {
        let wiki = Resource::parse("https://wiki.example/mcp").unwrap();
        let own = Resource::parse("https://mcp.example.com/mcp").unwrap();
        for (resource, asked, is_default) in [
            (Some(&wiki), "pages:read", false),
            (Some(&own), "pages:read", true),
            (Some(&wiki), "notes:read", true),
            (None, "pages:read", false),
            (None, "notes:read", false),
            (None, "openid email", true),
        ] {
            let asked = ScopeSet::parse(asked).unwrap();
            with_audiences(|audiences| {
                assert_eq!(audiences.means_default(resource, &asked), is_default, "{resource:?} {asked}");
            });
        }
    }
}
