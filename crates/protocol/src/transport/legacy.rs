//! Requests of the revisions with a handshake, 2024-11-05 to 2025-11-25. They are answered without a look at the session: a header
//! or the id of the session names the version ("Lifecycle", "Protocol Version Header", "Session Management").

use crate::author::registry::Registry;
use crate::author::visibility::visible::Visible;
use crate::call::call_state::CallState;
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::methods::admission::Admission;
use crate::methods::client_request::ClientRequest;
use crate::methods::lifecycle::initialize::Transport;
use crate::methods::operation::Operation;
use crate::transport::headers;
use crate::transport::headers::{RequestHeaders, trimmed};
use crate::transport::posted::Request;
use crate::transport::session::{Session, SessionId, no_such_session};
use crate::types::client_capabilities::ClientCapabilities;
use crate::types::version::{Era, ProtocolVersion};
use mcp_connector_base::caller::Caller;

/// The version of a legacy message, as far as the message says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamedVersion {
    /// The header names it.
    Named(ProtocolVersion),
    /// There is no header. The specification assumes 2025-03-26.
    Unnamed,
    /// The transport of 2024-11-05 has no such header. The session says what the handshake agreed on.
    HttpSse,
}

impl NamedVersion {
    /// Reads the version header.
    ///
    /// # Errors
    ///
    /// Fails if it names a version that no handshake here agrees on.
    pub(crate) fn of(headers: &impl RequestHeaders) -> Result<Self, RpcError> {
        Self::by(headers.get(headers::PROTOCOL_VERSION).as_deref())
    }

    /// Reads the value of the version header.
    pub(crate) fn by(header: Option<&str>) -> Result<Self, RpcError> {
        let Some(header) = header else { return Ok(Self::Unnamed) };
        match ProtocolVersion::parse(trimmed(header)) {
            Some(version) if version.era() == Era::Legacy => Ok(Self::Named(version)),
            _ => Err(RpcError::new(
                ErrorCode::InvalidRequest,
                "The header MCP-Protocol-Version names a version that this server does not speak.",
            )),
        }
    }

    /// Returns whether a client may send an array of messages.
    pub(crate) const fn has_batches(self) -> bool {
        match self {
            Self::Named(version) => version.has_batches(),
            Self::Unnamed => ProtocolVersion::UNNAMED.has_batches(),
            Self::HttpSse => false,
        }
    }

    const fn transport(self) -> Transport {
        match self {
            Self::HttpSse => Transport::HttpSse,
            Self::Named(_) | Self::Unnamed => Transport::StreamableHttp,
        }
    }

    /// Returns the version of the answer. A client without a header may be newer than the specification assumes; an older one does
    /// not read the members that it does not know.
    fn answered_as(self, session: Option<&SessionId>) -> ProtocolVersion {
        match (self, session) {
            (Self::Named(version), _) => version,
            (Self::Unnamed | Self::HttpSse, Some(session)) => session.version,
            (Self::Unnamed, None) => ProtocolVersion::NEWEST_LEGACY,
            (Self::HttpSse, None) => ProtocolVersion::V2024_11_05,
        }
    }
}

/// Returns the session that a message of `caller` names.
///
/// # Errors
///
/// Fails if it names one that no handshake here began.
pub(crate) fn session<H: 'static>(
    headers: &impl RequestHeaders,
    registry: &Registry<H>,
    caller: Option<&Caller>,
) -> Result<Session, RpcError> {
    let Some(header) = headers.get(SessionId::HEADER) else { return Ok(Session::Unnamed) };
    let id = SessionId::parse(trimmed(&header)).ok_or_else(no_such_session)?;
    Ok(if registry.keeps_state_for(caller) { Session::Stateful(id) } else { Session::Stateless(id) })
}

/// Checks a request. The status of an error is that of [`RpcError::http_status`].
pub(crate) fn admit<H: Host>(
    request: Request<H>,
    named: NamedVersion,
    session: Session,
    headers: &dyn RequestHeaders,
    visible: Visible<'_, H>,
    page_size: usize,
) -> Result<(Operation<H>, CallState), RpcError> {
    let notifications = request.meta.notifications()?;
    let version = if let ClientRequest::Initialize(params) = &request.call {
        params.agreed_version(named.transport())?
    } else {
        named.answered_as(session.id())
    };
    let operation = request.call.admit(&Admission {
        registry: visible.registry,
        visible,
        version,
        capabilities: ClientCapabilities::default(),
        session: &session,
        keeps_state: matches!(session, Session::Stateful(_)),
        page_size,
        headers,
    })?;
    Ok((operation, CallState::legacy(version, notifications, session)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_header_must_be_one_of_a_handshake() {
        let named = |header: Option<&str>| NamedVersion::of(&|_: &str| header.map(str::to_owned)).ok();
        assert_eq!(named(None), Some(NamedVersion::Unnamed));
        assert_eq!(named(Some(" 2025-06-18 ")), Some(NamedVersion::Named(ProtocolVersion::V2025_06_18)));
        for header in ["2024-11-05", "2026-07-28", "", "2025-06-18, 2025-06-18"] {
            assert_eq!(named(Some(header)), None, "{header}");
        }
    }

    #[test]
    fn only_2025_03_26_has_batches() {
        assert!(NamedVersion::Unnamed.has_batches());
        for version in ProtocolVersion::STREAMABLE_HTTP {
            assert_eq!(NamedVersion::Named(version).has_batches(), version == ProtocolVersion::V2025_03_26);
        }
    }
}
