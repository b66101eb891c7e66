//! What is the same for all requests of a client, and their methods.

use mcp_connector_protocol::Hosts;

/// What the requests of a client have in common.
pub(crate) struct ClientSettings {
    pub(crate) hosts: Hosts,
    pub(crate) agent: String,
    /// The header `Authorization` of each request.
    pub(crate) authorization: Option<String>,
}

/// The method of a request (RFC 9110 §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}
