//! What a URI leads to.

use std::rc::Rc;

use serde_json::Value;

use crate::author::registry::{Registry, ValidatedResource, ValidatedTemplate};
use crate::author::resources::uri_template::Uri;
use mcp_connector_base::scope::ScopeSet;

/// The resource or the template that a URI leads to.
pub(crate) enum FoundResource<H> {
    Resource(Rc<ValidatedResource<H>>),
    /// With the values of its variables.
    Template(Rc<ValidatedTemplate<H>>, Value),
}

impl<H: 'static> FoundResource<H> {
    /// Returns the resource with this URI, or else the first template that gives it with variables that its handler takes.
    pub(crate) fn at(uri: &Uri, registry: &Registry<H>) -> Option<Self> {
        if let Some(resource) = registry.resources.iter().find(|resource| resource.checked == *uri) {
            return Some(Self::Resource(Rc::clone(resource)));
        }
        registry.templates.iter().find_map(|template| {
            let variables = template.checked.variables.read(template.checked.uri.matches(uri)?).ok()?;
            Some(Self::Template(Rc::clone(template), variables))
        })
    }

    /// Returns the scopes that it takes to read it.
    pub(crate) fn required(&self) -> &ScopeSet {
        match self {
            Self::Resource(resource) => &resource.required,
            Self::Template(template, _) => &template.required,
        }
    }
}
