//! Requests of the revisions with a handshake, 2024-11-05 to 2025-11-25. They are answered without asking for a session: the
//! version stands in a header or in the session's id ("Lifecycle", "Protocol Version Header", "Session Management").

use std::rc::Rc;

use crate::author::registry::Registry;
use crate::call::call_state::{CallState, RequestMeta};
use crate::json_rpc::message::Request;
use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::methods::method::Method;
use crate::methods::operation::{Operation, parse_common};
use crate::subscriptions::change::Topic;
use crate::subscriptions::watch::Watch;
use crate::transport::headers;
use crate::transport::headers::{RequestHeaders, trimmed};
use crate::transport::host::Host;
use crate::transport::session::{Session, SessionId};
use crate::types::client_capabilities::ClientCapabilities;
use crate::types::logging_level::LoggingLevel;
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
    Apart,
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
            Self::Apart => false,
        }
    }

    /// Whose forms an answer takes. What an older client does not know, it does not read.
    fn answered_as(self, session: Option<&SessionId>) -> ProtocolVersion {
        match (self, session) {
            (Self::Named(version), _) => version,
            (Self::Unnamed | Self::Apart, Some(session)) => session.version,
            (Self::Unnamed, None) => ProtocolVersion::NEWEST_LEGACY,
            (Self::Apart, None) => ProtocolVersion::V2024_11_05,
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
    let id = SessionId::parse(trimmed(&header)).ok_or_else(no_session)?;
    Ok(if registry.keeps_state_for(caller) { Session::Stateful(id) } else { Session::Stateless(id) })
}

/// What goes with status 404: the client begins anew.
pub(crate) fn no_session() -> RpcError {
    RpcError::new(ErrorCode::InvalidRequest, "There is no such session. Begin one with `initialize`.")
}

/// Parses a request. The errors are answered with the status that [`RpcError::http_status`] gives.
pub(crate) fn admit<H: Host>(
    request: Request,
    spoken: Spoken,
    session: Session,
    registry: &Rc<Registry<H>>,
    page_size: usize,
) -> Result<(Operation<H>, CallState), RpcError> {
    let wishes = RequestMeta::of(&request.params)?;
    let mut version = spoken.answered_as(session.id());
    #[allow(clippy::wildcard_enum_match_arm, reason = "what both eras have is decided elsewhere, method by method")]
    let operation = match &request.method {
        Method::Ping => Operation::Acknowledge,
        Method::Initialize => {
            version = agreed_version(&request, spoken)?;
            let declared = request.params.get("capabilities").and_then(serde_json::Value::as_object);
            Operation::Initialize(version, declared.map(ClientCapabilities::declared).unwrap_or_default())
        }
        Method::SetLevel => set_log_level(&request, &session)?,
        // A client without a token was never told of a change.
        Method::Unsubscribe
            if registry.announces(Topic::ResourceUpdates) && matches!(session, Session::Stateless(_)) =>
        {
            Operation::Acknowledge
        }
        method @ (Method::Subscribe | Method::Unsubscribe) if registry.announces(Topic::ResourceUpdates) => {
            let begins = *method == Method::Subscribe;
            Operation::Watch(Watch::parse(begins, &request.params, session.clone().stateful(), registry, version)?)
        }
        method => parse_common(method, request.params, registry, page_size, version)?,
    };
    Ok((operation, CallState::legacy(version, wishes, session)))
}

/// The client's version where it is known here, else the newest with a handshake.
fn agreed_version(request: &Request, spoken: Spoken) -> Result<ProtocolVersion, RpcError> {
    let wanted = request
        .params
        .get("protocolVersion")
        .and_then(serde_json::Value::as_str)
        .ok_or_else(|| RpcError::invalid_params("`protocolVersion` must be a string."))?;
    if spoken == Spoken::Apart && wanted == ProtocolVersion::V2024_11_05.as_str() {
        return Ok(ProtocolVersion::V2024_11_05);
    }
    let known = ProtocolVersion::parse(wanted).filter(|version| version.era() == Era::Legacy);
    Ok(known.unwrap_or(ProtocolVersion::NEWEST_LEGACY))
}

fn set_log_level<H>(request: &Request, session: &Session) -> Result<Operation<H>, RpcError> {
    let level = request
        .params
        .get("level")
        .and_then(serde_json::Value::as_str)
        .and_then(LoggingLevel::parse)
        .ok_or_else(|| RpcError::invalid_params("`level` must be one of the eight log levels."))?;
    match session {
        Session::Stateful(session) => Ok(Operation::SetLogLevel(session.clone(), level)),
        // Many clients set a level unasked and give up where that fails. Theirs stays the default.
        Session::Stateless(_) => Ok(Operation::Acknowledge),
        Session::Unnamed => Err(RpcError::invalid_params(
            "Send the header Mcp-Session-Id that `initialize` gave: the level is kept for that session.",
        )),
    }
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
