//! What a URI leads to.

use std::rc::Rc;

use serde_json::Value;

use crate::author::registry::{ValidatedResource, ValidatedTemplate};
use crate::author::resources::uri_template::Uri;
use crate::author::visibility::audience::Access;
use crate::author::visibility::visible::Visible;

/// The resource or the template that a URI leads to.
pub(crate) enum FoundResource<H> {
    Resource(Rc<ValidatedResource<H>>),
    /// With the values of its variables.
    Template(Rc<ValidatedTemplate<H>>, Value),
}

impl<H: 'static> FoundResource<H> {
    /// Returns the resource with this URI, or else the first template that gives it with variables that its handler takes, among
    /// those that the caller sees.
    pub(crate) fn at(uri: &Uri, visible: Visible<'_, H>) -> Option<Self> {
        let registry = visible.registry;
        if let Some(resource) = registry.resources.find(uri.as_str())
            && visible.sees(&resource.access)
        {
            return Some(Self::Resource(Rc::clone(resource)));
        }
        registry.templates.iter().find_map(|template| {
            let variables = template.checked.variables.read(template.checked.uri.matches(uri)?).ok()?;
            visible.sees(&template.access).then(|| Self::Template(Rc::clone(template), variables))
        })
    }

    /// Returns what it takes to read it, and who sees it.
    pub(crate) fn access(&self) -> &Access {
        match self {
            Self::Resource(resource) => &resource.access,
            Self::Template(template, _) => &template.access,
        }
    }
}
