//! What can be wrong with the declaration of an upstream service.

use thiserror::Error;

use crate::author::hosts::InvalidHost;

/// A mistake in the declaration of an upstream service.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum InvalidUpstream {
    #[error("a name is 1 to 32 characters of a-z 0-9 and -: it is part of a path")]
    Name,
    #[error("`{0}` is not an https: URL; only on this machine it may be http:")]
    Url(String),
    #[error("{0}")]
    Host(InvalidHost),
    #[error("it has no host that gets the token: add .hosts([…])")]
    NoHosts,
    #[error("it has no client: add .client(…) with the names of the variable and the secret")]
    NoClient,
    #[error("`{0}` is not the name of a scope: it is printable ASCII without spaces, quotation marks and backslashes")]
    Scope(String),
    #[error("the parameter `{0}` is set by this server")]
    Parameter(String),
    #[error("nobody signs in: add a scope to the tools that use it")]
    NobodySignsIn,
}
