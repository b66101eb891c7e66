//! What a request is checked against before it is carried out.

use crate::author::registry::Registry;
use crate::author::visibility::visible::Visible;
use crate::transport::headers::RequestHeaders;
use crate::transport::session::Session;
use crate::types::client_capabilities::ClientCapabilities;
use crate::types::version::ProtocolVersion;

/// What a request is checked against: the connector, and what is known about the client that sent it.
pub(crate) struct Admission<'a, H> {
    pub(crate) registry: &'a Registry<H>,
    /// The part of it that the caller sees.
    pub(crate) visible: Visible<'a, H>,
    pub(crate) version: ProtocolVersion,
    /// What the client declared in this request. Empty until 2025-11-25, when it declared it at `initialize`.
    pub(crate) capabilities: ClientCapabilities,
    /// The session in which it was sent. There is none from 2026-07-28 on.
    pub(crate) session: &'a Session,
    /// Whether anything may be stored for the caller.
    pub(crate) keeps_state: bool,
    /// Most items on one page of a list.
    pub(crate) page_size: usize,
    pub(crate) headers: &'a dyn RequestHeaders,
}
