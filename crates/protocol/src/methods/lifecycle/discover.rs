//! `server/discover`: what the server is, from 2026-07-28 on ("Discovery").

use serde::Serialize;
use serde_json::value::to_raw_value;

use crate::author::registry::Registry;
use crate::author::visibility::visible::Visible;
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::method::Method;
use crate::methods::operation::Operation;
use crate::transport::response::Response;
use crate::types::result::{CacheHints, ServerResult};
use crate::types::server_capabilities::ServerCapabilities;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The parameters of `server/discover`, which has none.
pub(crate) struct DiscoverRequestParams;

impl<H: Host> Method<H> for DiscoverRequestParams {
    const NAME: &'static str = "server/discover";

    fn parse(_: Object, _: Visible<'_, H>) -> Self {
        Self
    }

    fn is_served(_: &Registry<H>, version: ProtocolVersion) -> bool {
        version.is_modern()
    }

    fn admit(self, _: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        Ok(Operation::request(async |request| {
            let registry = &request.registry;
            let result = DiscoverResult {
                supported_versions: ProtocolVersion::modern().map(ProtocolVersion::as_str).collect(),
                capabilities: registry.capabilities(request.version()),
                instructions: registry.instructions.as_deref(),
                cache: CacheHints::public(request.version()),
            };
            // Here alone with title, description and icons: each result names the server.
            let server_info = to_raw_value(&registry.implementation(request.version()));
            let server_info = server_info.as_ref().unwrap_or(&registry.server_info);
            Ok(Response::result(&request.id, request.version(), server_info, result))
        }))
    }
}

/// The result of `server/discover`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DiscoverResult<'a> {
    supported_versions: Vec<&'static str>,
    capabilities: ServerCapabilities,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<&'a str>,
    #[serde(flatten)]
    cache: Option<CacheHints>,
}

impl ServerResult for DiscoverResult<'_> {}
