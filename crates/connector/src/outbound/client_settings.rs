//! What is the same for all requests of a client, and their methods.

use std::rc::Rc;

use mcp_connector_protocol::Hosts;

use crate::outbound::credential::Credential;

/// What the requests of a client have in common.
pub(crate) struct ClientSettings {
    pub(crate) hosts: Hosts,
    pub(crate) agent: String,
    /// The token of a person that is sent with each request.
    pub(crate) credential: Option<Rc<dyn Credential>>,
}

/// The method of a request (RFC 9110 §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET: reads.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE.
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
