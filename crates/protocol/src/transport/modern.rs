//! Requests of revision 2026-07-28: each says in its `_meta` which version it speaks and what its client can do, and its
//! headers repeat its body ("Request Metadata", "Versioning", "Server Validation").

use serde_json::json;

use crate::author::visibility::visible::Visible;
use crate::call::call_state::CallState;
use crate::client_requests::asking::Asking;
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::methods::admission::Admission;
use crate::methods::operation::Operation;
use crate::transport::headers;
use crate::transport::headers::{RequestHeaders, mismatch, trimmed};
use crate::transport::posted::Request;
use crate::transport::session::Session;
use crate::types::client_capabilities::{ClientCapabilities, ClientCapability};
use crate::types::version::{Era, ProtocolVersion};

/// A refusal before the work began.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error: RpcError,
}

impl From<RpcError> for Refusal {
    fn from(error: RpcError) -> Self {
        Self { status: error.http_status(Era::Modern), error }
    }
}

/// Checks a request in the order that the specification gives. `keeps_state` says whether anything may be stored for the caller.
pub(crate) fn admit<H: Host>(
    mut request: Request<H>,
    headers: &dyn RequestHeaders,
    visible: Visible<'_, H>,
    keeps_state: bool,
    page_size: usize,
) -> Result<(Operation<H>, CallState), Refusal> {
    let (claimed, capabilities) = request.meta.envelope().map_err(|error| Refusal { status: 400, error })?;
    let header = headers
        .get(headers::PROTOCOL_VERSION)
        .ok_or_else(|| mismatch("The header MCP-Protocol-Version is missing."))?;
    if trimmed(&header) != claimed {
        return Err(mismatch("The header MCP-Protocol-Version does not say what `_meta` in the body says.").into());
    }
    let version = supported(claimed)?;
    headers::check_standard_headers(request.call.method(), request.call.mcp_name(), headers)?;
    let capabilities = ClientCapabilities::declared(capabilities);
    let notifications = request.meta.notifications()?;
    let multi_round_trip = if capabilities.can_be_asked() { request.call.multi_round_trip()? } else { None };
    let operation = request.call.admit(&Admission {
        registry: visible.registry,
        visible,
        version,
        capabilities,
        session: &Session::Unnamed,
        keeps_state,
        page_size,
        headers,
    })?;
    let asking = multi_round_trip.map_or(Asking::Nobody, Asking::MultiRoundTrip);
    // A task is state.
    let capabilities = if keeps_state { capabilities } else { capabilities.without(ClientCapability::Tasks) };
    Ok((operation, CallState::modern(version, notifications, capabilities, asking)))
}

fn supported(claimed: &str) -> Result<ProtocolVersion, RpcError> {
    ProtocolVersion::parse(claimed).filter(|version| version.is_modern()).ok_or_else(|| {
        let supported: Vec<_> = ProtocolVersion::modern().map(ProtocolVersion::as_str).collect();
        // The specification wants the version back. It is a date, or not worth repeating.
        let requested = claimed.get(..MAX_ECHOED_VERSION).unwrap_or(claimed);
        RpcError::new(ErrorCode::UnsupportedProtocolVersion, "This server does not speak that version.")
            .with_data(json!({ "supported": supported, "requested": requested }))
    })
}

/// Longest part of a version that is sent back, in bytes.
const MAX_ECHOED_VERSION: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_version_is_told_which_are_known() {
        for claimed in ["2025-11-25", "v999.0.0", "2030-01-01", ""] {
            let error = serde_json::to_value(supported(claimed).unwrap_err()).unwrap();
            assert_eq!(error["code"], -32022);
            assert_eq!(error["data"], json!({"supported": ["2026-07-28"], "requested": claimed}));
        }
    }
}
