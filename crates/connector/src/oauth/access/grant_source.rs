//! Where it is known which grants are valid.

use std::rc::Rc;

use crate::config::configuration::Configuration;
use crate::oauth::secrets::Secrets;

/// Who knows which grants are valid.
#[derive(Clone)]
pub(crate) enum GrantSource {
    /// The objects of this Worker.
    Objects(Rc<Secrets>),
    /// The authorization server of another Worker, which the configuration names.
    AuthorizationServer(Rc<Configuration>),
}
