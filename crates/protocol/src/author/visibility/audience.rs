//! Who may see and use a feature: the scopes that it takes, and the people whom its author shows it to.
//!
//! A caller whom a feature is hidden from must not learn that it exists. So whatever looks a feature up does so for a caller
//! ([`Visible`](crate::author::visibility::visible::Visible)), and a hidden one is not found.

use std::fmt;
use std::rc::Rc;

use crate::methods::need::Need;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::scope::{Scope, ScopeSet};

/// The people whom a feature is shown to, as its author decides it.
#[derive(Clone)]
pub(crate) struct Audience(Rc<dyn Fn(&Caller) -> bool>);

impl Audience {
    /// Returns those of `earlier` who meet a condition, too.
    pub(crate) fn narrowed(earlier: Option<Self>, is_shown: impl Fn(&Caller) -> bool + 'static) -> Self {
        match earlier {
            None => Self(Rc::new(is_shown)),
            Some(earlier) => Self(Rc::new(move |caller| earlier.has(caller) && is_shown(caller))),
        }
    }

    fn has(&self, caller: &Caller) -> bool {
        (self.0)(caller)
    }
}

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Audience")
    }
}

/// What a caller needs for a feature, and who sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    /// The scopes that it takes.
    pub(crate) required: ScopeSet,
    audience: Option<Audience>,
}

impl Access {
    pub(crate) fn new(scopes: &[Scope], audience: Option<&Audience>) -> Self {
        Self { required: scopes.iter().copied().collect(), audience: audience.cloned() }
    }

    /// Returns whether only some people see it.
    pub(crate) fn has_audience(&self) -> bool {
        self.audience.is_some()
    }

    /// Returns whether `caller` sees it. Without a token everybody does: who they are is known only once they sign in, which
    /// it asks for.
    pub(crate) fn is_visible_to(&self, caller: Option<&Caller>) -> bool {
        match (&self.audience, caller) {
            (Some(audience), Some(caller)) => audience.has(caller),
            (None, _) | (_, None) => true,
        }
    }

    /// Returns whether it takes a sign-in. What only some people see takes one even without a scope.
    pub(crate) fn needs_sign_in(&self) -> bool {
        !self.required.is_empty() || self.has_audience()
    }

    /// Returns what a request for it needs of its caller.
    pub(crate) fn need(&self) -> Need {
        if self.needs_sign_in() { Need::Scopes(self.required.clone()) } else { Need::Nothing }
    }

    /// Returns whether `caller` may use it.
    pub(crate) fn admits(&self, caller: Option<&Caller>) -> bool {
        match caller {
            Some(caller) => self.is_visible_to(Some(caller)) && caller.missing(&self.required).is_empty(),
            None => !self.needs_sign_in(),
        }
    }
}
