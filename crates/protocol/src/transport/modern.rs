//! Requests of revision 2026-07-28: each says in its `_meta` which version it speaks and what its client can do, and its
//! headers repeat its body ("Request Metadata", "Versioning", "Server Validation").

use std::rc::Rc;

use serde_json::{Value, json};

use crate::author::registry::Registry;
use crate::call::call_state::{CallState, RequestMeta};
use crate::client_requests::asking::Asking;
use crate::client_requests::multi_round_trip::MultiRoundTrip;
use crate::json_rpc::message::Request;
use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::methods::method::Method;
use crate::methods::operation::{Operation, parse_common};
use crate::subscriptions::listen::Listen;
use crate::tasks::request::TaskRequest;
use crate::transport::headers;
use crate::transport::headers::{RequestHeaders, refused, trimmed};
use crate::transport::host::Host;
use crate::types::client_capabilities::ClientCapabilities;
use crate::types::version::{Era, ProtocolVersion};
use mcp_connector_base::json::Object;

const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// The version that a message says it speaks: what makes it modern, whatever its headers say.
pub(crate) fn claim(params: &Object) -> Option<&Value> {
    params.get("_meta")?.get(PROTOCOL_VERSION)
}

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

/// Checks a request in the order that the specification gives, and parses it.
pub(crate) fn admit<H: Host>(
    request: Request,
    headers: &impl RequestHeaders,
    registry: &Rc<Registry<H>>,
    page_size: usize,
) -> Result<(Operation<H>, CallState), Refusal> {
    let (claimed, capabilities) = envelope(&request.params)?;
    let header =
        headers.get(headers::PROTOCOL_VERSION).ok_or_else(|| refused("The header MCP-Protocol-Version is missing."))?;
    if trimmed(&header) != claimed {
        return Err(refused("The header MCP-Protocol-Version does not say what `_meta` in the body says.").into());
    }
    let version = supported(claimed)?;
    headers::check_standard_headers(&request, headers)?;
    let capabilities = ClientCapabilities::declared(capabilities);
    let wishes = RequestMeta::of(&request.params)?;
    let Request { method, mut params, .. } = request;
    #[allow(clippy::wildcard_enum_match_arm, reason = "the specification names these")]
    let asking = match &method {
        Method::CallTool | Method::GetPrompt | Method::ReadResource if capabilities.can_be_asked() => {
            Asking::MultiRoundTrip(MultiRoundTrip::of(method.as_str(), &mut params)?)
        }
        _ => Asking::Nobody,
    };
    #[allow(clippy::wildcard_enum_match_arm, reason = "what both eras have is decided elsewhere, method by method")]
    let operation = match &method {
        Method::Discover => Operation::Discover,
        Method::Listen if registry.has_streams() => Operation::Listen(Listen::parse(&params, registry, capabilities)?),
        Method::GetTask | Method::UpdateTask | Method::CancelTask if registry.has_tasks() => {
            Operation::Task(TaskRequest::parse(&method, &mut params, capabilities)?)
        }
        method => parse_common(method, params, registry, page_size, version)?,
    };
    if let Operation::CallTool(call) = &operation
        && let Value::Object(arguments) = &call.arguments
    {
        let header = |name: &str| headers.get(name);
        call.tool.header_params.check(arguments, header).map_err(|error| refused(error.to_string()))?;
    }
    Ok((operation, CallState::modern(version, wishes, capabilities, asking)))
}

/// The version and the capabilities that each request carries.
fn envelope(params: &Object) -> Result<(&str, &Object), Refusal> {
    let wrong = |message: &str| Refusal { status: 400, error: RpcError::invalid_params(message) };
    let meta = params.get("_meta").and_then(Value::as_object);
    let version = meta.and_then(|meta| meta.get(PROTOCOL_VERSION)).and_then(Value::as_str).ok_or_else(|| {
        wrong("`params._meta` must name the version: \"io.modelcontextprotocol/protocolVersion\", a string.")
    })?;
    let capabilities = meta.and_then(|meta| meta.get(CLIENT_CAPABILITIES)).and_then(Value::as_object).ok_or_else(|| {
        wrong("`params._meta` must name what the client can do: \"io.modelcontextprotocol/clientCapabilities\", an object.")
    })?;
    Ok((version, capabilities))
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
    fn an_envelope_names_version_and_capabilities() {
        let rows = [
            (json!({}), false),
            (json!({"_meta": {}}), false),
            (json!({"_meta": {PROTOCOL_VERSION: "2026-07-28"}}), false),
            (json!({"_meta": {PROTOCOL_VERSION: 7, CLIENT_CAPABILITIES: {}}}), false),
            (json!({"_meta": {PROTOCOL_VERSION: "2026-07-28", CLIENT_CAPABILITIES: null}}), false),
            (json!({"_meta": {PROTOCOL_VERSION: "2026-07-28", CLIENT_CAPABILITIES: {}}}), true),
        ];
        for (params, passes) in rows {
            let result = envelope(params.as_object().unwrap());
            assert_eq!(result.is_ok(), passes, "{params}");
            if let Err(refusal) = result {
                assert_eq!((refusal.status, refusal.error.code()), (400, ErrorCode::InvalidParams), "{params}");
            }
        }
    }

    #[test]
    fn an_unknown_version_is_told_which_are_known() {
        for claimed in ["2025-11-25", "v999.0.0", "2030-01-01", ""] {
            let error = serde_json::to_value(supported(claimed).unwrap_err()).unwrap();
            assert_eq!(error["code"], -32022);
            assert_eq!(error["data"], json!({"supported": ["2026-07-28"], "requested": claimed}));
        }
    }
}
