//! A connector as one caller sees it. Every lookup by a name or URI of a client goes through it, so that a feature that is
//! hidden from the caller is answered as one that does not exist.

use std::borrow::Cow;
use std::rc::Rc;

use crate::author::feature::Hideable;
use crate::author::features::Features;
use crate::author::registry::{Registry, ValidatedPrompt, ValidatedTemplate};
use crate::author::tools::validated_tool::ValidatedTool;
use crate::author::visibility::audience::Access;
use crate::types::result::CacheHints;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::caller::Caller;

/// The features of a connector that a caller sees.
pub(crate) struct Visible<'a, H> {
    pub(crate) registry: &'a Registry<H>,
    /// `None` without a token.
    pub(crate) caller: Option<&'a Caller>,
}

impl<H> Clone for Visible<'_, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H> Copy for Visible<'_, H> {}

impl<H> Registry<H> {
    /// Returns the connector as `caller` sees it.
    pub(crate) fn visible_to<'a>(&'a self, caller: Option<&'a Caller>) -> Visible<'a, H> {
        Visible { registry: self, caller }
    }
}

impl<'a, H: 'static> Visible<'a, H> {
    /// Returns the tool of this name.
    pub(crate) fn tool(self, name: &str) -> Option<&'a Rc<ValidatedTool<H>>> {
        self.registry.tools.find(name).filter(|tool| self.sees(&tool.access))
    }

    /// Returns the prompt of this name.
    pub(crate) fn prompt(self, name: &str) -> Option<&'a Rc<ValidatedPrompt<H>>> {
        self.registry.prompts.find(name).filter(|prompt| self.sees(&prompt.access))
    }

    /// Returns the template with exactly this text.
    pub(crate) fn template(self, uri_template: &str) -> Option<&'a Rc<ValidatedTemplate<H>>> {
        self.registry.templates.find(uri_template).filter(|template| self.sees(&template.access))
    }

    /// Returns those of `features` that the caller sees, in their order.
    pub(crate) fn of<F: Hideable>(self, features: &'a Features<F>) -> Cow<'a, [Rc<F>]> {
        if !features.have_audience() || features.iter().all(|feature| self.sees(feature.access())) {
            return Cow::Borrowed(features);
        }
        features.iter().filter(|feature| self.sees(feature.access())).map(Rc::clone).collect()
    }

    /// Returns whether the caller sees what has this access.
    pub(crate) fn sees(self, access: &Access) -> bool {
        access.is_visible_to(self.caller)
    }
}

/// Returns how long a list of `features` may be kept. A list that is another for another caller belongs to the one who got it:
/// that holds without a token, too, because the same request returns another list after a sign-in.
pub(crate) fn list_cache<F: Hideable>(features: &Features<F>, version: ProtocolVersion) -> Option<CacheHints> {
    if features.have_audience() { CacheHints::private(version) } else { CacheHints::public(version) }
}

#[cfg(test)]
mod tests;
