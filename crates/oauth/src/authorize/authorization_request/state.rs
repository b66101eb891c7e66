//! The parameter `state`, which the client gets back unchanged (RFC 6749 §4.1.1).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::authorize::authorization_request::error::AuthorizationError;
use crate::web::form::Parameters;

/// Maximum length of a `state`, in bytes.
pub(crate) const MAX_STATE: usize = 8 * 1024;

/// A `state` that can be sent back. Its content is opaque.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct State(String);

impl State {
    /// Returns the `state` of a request, and whether it is valid.
    ///
    /// An invalid `state` is returned, too, so that the client knows which of its requests was refused. A `state` that is too long,
    /// or repeated, is not returned.
    pub(crate) fn of(parameters: &Parameters) -> (Option<Self>, Result<(), AuthorizationError>) {
        match parameters.get("state") {
            Err(error) => (None, Err(error.into())),
            Ok(None) => (None, Ok(())),
            Ok(Some(text)) if text.len() > MAX_STATE => (None, Err(AuthorizationError::State)),
            Ok(Some(text)) => {
                // RFC 6749 Appendix A.5 allows visible ASCII only; real clients send any characters.
                let has_control = text.chars().any(char::is_control);
                (Some(Self(text.to_owned())), if has_control { Err(AuthorizationError::State) } else { Ok(()) })
            }
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State")
    }
}
