//! What a connector consists of: features with a key of their own, and the check that lets one be served.

use std::collections::HashSet;
use std::rc::Rc;

use crate::author::config_error::{ConfigError, ErrorKind};
use crate::author::visibility::audience::{Access, Audience};
use mcp_connector_base::scope::Scope;

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

    /// The people whom it is shown to; `None` means everybody.
    fn audience(&self) -> Option<&Audience>;

    /// Returns why it cannot be served, if it cannot.
    fn check(&self) -> Result<Self::Checked, ErrorKind>;
}

/// A feature that can be served.
pub(crate) struct Validated<F: Feature> {
    pub(crate) feature: F,
    pub(crate) checked: F::Checked,
    /// What a caller needs for it, and who sees it.
    pub(crate) access: Access,
}

/// Something that may be hidden from a caller.
pub(crate) trait Hideable {
    /// Returns the name or URI by which clients ask for it.
    fn key(&self) -> &str;

    /// Returns who sees it.
    fn access(&self) -> &Access;
}

impl<F: Feature> Hideable for Validated<F> {
    fn key(&self) -> &str {
        self.feature.key()
    }

    fn access(&self) -> &Access {
        &self.access
    }
}

/// Returns those of `features` that can be served, in their order. The others go to `rejected`; so does each that has the key
/// of an earlier one.
pub(crate) fn validated<F: Feature>(features: Vec<F>, rejected: &mut Vec<ConfigError>) -> Vec<Rc<Validated<F>>> {
    let mut validated: Vec<Rc<Validated<F>>> = Vec::new();
    let mut keys = HashSet::new();
    for feature in features {
        let kind = match feature.check() {
            Ok(_) if keys.contains(feature.key()) => ErrorKind::NameTaken,
            Ok(checked) => {
                keys.insert(feature.key().to_owned());
                let access = Access::new(feature.scopes(), feature.audience());
                validated.push(Rc::new(Validated { feature, checked, access }));
                continue;
            }
            Err(kind) => kind,
        };
        rejected.push(ConfigError::new(F::KIND, feature.key(), kind));
    }
    validated
}

/// Returns those of `features` that somebody can see. Where nobody signs in, one that only some people see is seen by nobody, and
/// goes to `rejected`.
pub(crate) fn with_somebody_to_see<F: Feature>(
    features: Vec<F>,
    somebody_signs_in: bool,
    rejected: &mut Vec<ConfigError>,
) -> Vec<F> {
    let (kept, unseen): (Vec<_>, Vec<_>) =
        features.into_iter().partition(|feature| somebody_signs_in || feature.audience().is_none());
    rejected.extend(unseen.iter().map(|feature| unseen_error(feature)));
    kept
}

/// Returns the error of a feature that nobody can see.
pub(crate) fn unseen_error<F: Feature>(feature: &F) -> ConfigError {
    ConfigError::new(F::KIND, feature.key(), ErrorKind::SeenByNobody)
}
