//! `initialize`: the handshake, until 2025-11-25 ("Lifecycle", "Initialization").

use serde::Serialize;
use serde_json::Value;
use serde_json::value::to_raw_value;

use crate::author::registry::Registry;
use crate::author::tools::tool_error::Unfinished;
use crate::author::visibility::visible::Visible;
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::method::Method;
use crate::methods::operation::Operation;
use crate::methods::params::take_text;
use crate::methods::request_context::RequestContext;
use crate::transport::response::Response;
use crate::transport::session::SessionId;
use crate::types::client_capabilities::ClientCapabilities;
use crate::types::implementation::Implementation;
use crate::types::server_capabilities::ServerCapabilities;
use crate::types::version::{Era, ProtocolVersion};
use mcp_connector_base::json::Object;

/// The parameters of `initialize`.
pub(crate) struct InitializeRequestParams {
    /// The version that the client asks for, if it is a string.
    pub(crate) protocol_version: Option<String>,
    capabilities: ClientCapabilities,
}

/// How a client of the handshake sends its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// The transport of 2024-11-05, the only one over which that version is spoken.
    HttpSse,
    /// That of all later versions.
    StreamableHttp,
}

impl InitializeRequestParams {
    /// Returns the version that is agreed on: the one that the client asks for if this server knows it, or else the newest with a
    /// handshake.
    ///
    /// # Errors
    ///
    /// Fails if the client asks for none.
    pub(crate) fn agreed_version(&self, transport: Transport) -> Result<ProtocolVersion, RpcError> {
        let wanted = self
            .protocol_version
            .as_deref()
            .ok_or_else(|| RpcError::invalid_params("`protocolVersion` must be a string."))?;
        if transport == Transport::HttpSse && wanted == ProtocolVersion::V2024_11_05.as_str() {
            return Ok(ProtocolVersion::V2024_11_05);
        }
        let known = ProtocolVersion::parse(wanted).filter(|version| version.era() == Era::Legacy);
        Ok(known.unwrap_or(ProtocolVersion::NEWEST_LEGACY))
    }
}

impl<H: Host> Method<H> for InitializeRequestParams {
    const NAME: &'static str = "initialize";

    fn parse(mut params: Object, _: Visible<'_, H>) -> Self {
        let declared = params.get("capabilities").and_then(Value::as_object);
        let capabilities = declared.map(ClientCapabilities::declared).unwrap_or_default();
        Self { protocol_version: take_text(&mut params, "protocolVersion"), capabilities }
    }

    fn is_served(_: &Registry<H>, version: ProtocolVersion) -> bool {
        !version.is_modern()
    }

    fn admit(self, _: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        Ok(Operation::request(async move |request| run(self.capabilities, &request)))
    }
}

/// Begins the session. Nothing is stored for it yet.
fn run<H: Host>(capabilities: ClientCapabilities, request: &RequestContext<H>) -> Result<Response, Unfinished> {
    let (registry, version) = (&request.registry, request.version());
    let result = registry.initialize_results.get_or_make(version, || {
        to_raw_value(&InitializeResult {
            protocol_version: version.as_str(),
            capabilities: registry.capabilities(version),
            server_info: registry.implementation(version),
            instructions: registry.instructions.as_deref(),
        })
    });
    let result = result.map_err(|_| RpcError::internal("The result could not be written as JSON."))?;
    let bits = request
        .host
        .random_bits()
        .map_err(|_| RpcError::internal("The session could not be started. Try again in a moment."))?;
    let session = Some(SessionId::new(bits, capabilities, version));
    Ok(Response { session, ..Response::of_raw_result(&request.id, &result) })
}

/// The result of `initialize`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InitializeResult<'a> {
    protocol_version: &'static str,
    capabilities: ServerCapabilities,
    server_info: Implementation,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<&'a str>,
}
