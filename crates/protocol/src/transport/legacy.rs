//! Requests of the revisions with a handshake, 2024-11-05 to 2025-11-25. They are answered without asking for a session: the
//! version stands in a header or in the session's id ("Lifecycle", "Protocol Version Header", "Session Management").

use crate::author::registry::Registry;
use crate::call::call_state::CallState;
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::methods::admission::Admission;
use crate::methods::client_request::ClientRequest;
use crate::methods::operation::Operation;
use crate::transport::headers;
use crate::transport::headers::{RequestHeaders, trimmed};
use crate::transport::posted::Request;
use crate::transport::session::{Session, SessionId, no_such_session};
use crate::types::client_capabilities::ClientCapabilities;
use crate::types::version::{Era, ProtocolVersion};
use mcp_connector_base::caller::Caller;

/// The version that a legacy message was sent under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// The header names it.
    Named(ProtocolVersion),
    /// There is no header. The specification assumes 2025-03-26; a newer client that forgets the header reads its own.
    Unnamed,
    /// By the transport of 2024-11-05, which has no such header: what the handshake agreed on stands in the session.
    HttpSse,
}

impl Spoken {
    /// Fails where the header names a version that no handshake here agreed on.
    pub(crate) fn of(headers: &impl RequestHeaders) -> Result<Self, RpcError> {
        Self::by(headers.get(headers::PROTOCOL_VERSION).as_deref())
    }

    /// The same, where the header has been read.
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

    /// Whether an array of messages may be sent.
    pub(crate) const fn has_batches(self) -> bool {
        match self {
            Self::Named(version) => version.has_batches(),
            Self::Unnamed => ProtocolVersion::UNNAMED.has_batches(),
            Self::HttpSse => false,
        }
    }

    /// Whose forms an answer takes. What an older client does not know, it does not read.
    fn answered_as(self, session: Option<&SessionId>) -> ProtocolVersion {
        match (self, session) {
            (Self::Named(version), _) => version,
            (Self::Unnamed | Self::HttpSse, Some(session)) => session.version,
            (Self::Unnamed, None) => ProtocolVersion::NEWEST_LEGACY,
            (Self::HttpSse, None) => ProtocolVersion::V2024_11_05,
        }
    }
}

/// Returns the session that a message of `caller` names. Fails where it names one that no handshake here began.
pub(crate) fn session<H: 'static>(
    headers: &impl RequestHeaders,
    registry: &Registry<H>,
    caller: Option<&Caller>,
) -> Result<Session, RpcError> {
    let Some(header) = headers.get(SessionId::HEADER) else { return Ok(Session::Unnamed) };
    let id = SessionId::parse(trimmed(&header)).ok_or_else(no_such_session)?;
    Ok(if registry.keeps_state_for(caller) { Session::Stateful(id) } else { Session::Stateless(id) })
}

/// Checks a request. The errors are answered with the status that [`RpcError::http_status`] gives.
pub(crate) fn admit<H: Host>(
    request: Request<H>,
    spoken: Spoken,
    session: Session,
    headers: &dyn RequestHeaders,
    registry: &Registry<H>,
    page_size: usize,
) -> Result<(Operation<H>, CallState), RpcError> {
    let notifications = request.meta.notifications()?;
    let version = match &request.call {
        ClientRequest::Initialize(params) => params.agreed_version(spoken == Spoken::HttpSse)?,
        _ => spoken.answered_as(session.id()),
    };
    let operation = request.call.admit(&Admission {
        registry,
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
        let spoken = |header: Option<&str>| Spoken::of(&|_: &str| header.map(str::to_owned)).ok();
        assert_eq!(spoken(None), Some(Spoken::Unnamed));
        assert_eq!(spoken(Some(" 2025-06-18 ")), Some(Spoken::Named(ProtocolVersion::V2025_06_18)));
        for header in ["2024-11-05", "2026-07-28", "", "2025-06-18, 2025-06-18"] {
            assert_eq!(spoken(Some(header)), None, "{header}");
        }
    }

    #[test]
    fn only_2025_03_26_has_batches() {
        assert!(Spoken::Unnamed.has_batches());
        for version in ProtocolVersion::STREAMABLE_HTTP {
            assert_eq!(Spoken::Named(version).has_batches(), version == ProtocolVersion::V2025_03_26);
        }
    }
}
