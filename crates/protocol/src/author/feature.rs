//! What a connector consists of: features with a key of their own, and the check that lets one be served.

use std::rc::Rc;

use crate::author::config_error::{ConfigError, ErrorKind};
use mcp_connector_base::scope::{Scope, ScopeSet};

/// A tool, a resource, a template, a prompt, a view or a skill.
pub(crate) trait Feature {
    /// The name of its kind in a message to the author.
    const KIND: &'static str;

    /// What its check returns and serving it needs.
    type Checked;

    /// The name or URI by which clients ask for it.
    fn key(&self) -> &str;

    /// The scopes that a caller needs.
    fn scopes(&self) -> &[Scope];

    /// Returns why it cannot be served, if it cannot.
    fn check(&self) -> Result<Self::Checked, ErrorKind>;
}

/// A feature that can be served.
pub(crate) struct Validated<F: Feature> {
    pub(crate) feature: F,
    pub(crate) checked: F::Checked,
    /// The names of its scopes; empty means that it is public.
    pub(crate) required: ScopeSet,
}

/// Returns those of `features` that can be served, in their order. The others go to `rejected`; so does each that has the key
/// of an earlier one.
pub(crate) fn validated<F: Feature>(features: Vec<F>, rejected: &mut Vec<ConfigError>) -> Vec<Rc<Validated<F>>> {
    let mut validated: Vec<Rc<Validated<F>>> = Vec::new();
    for feature in features {
        let kind = match feature.check() {
            Ok(_) if validated.iter().any(|earlier| earlier.feature.key() == feature.key()) => ErrorKind::NameTaken,
            Ok(checked) => {
                let required = feature.scopes().iter().copied().collect();
                validated.push(Rc::new(Validated { feature, checked, required }));
                continue;
            }
            Err(kind) => kind,
        };
        rejected.push(ConfigError::new(F::KIND, feature.key(), kind));
    }
    validated
}
