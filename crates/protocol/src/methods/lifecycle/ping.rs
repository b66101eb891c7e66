//! `ping`, until 2025-11-25 ("Ping").

use crate::author::registry::Registry;
use crate::author::visibility::visible::Visible;
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::method::Method;
use crate::methods::operation::Operation;
use crate::types::result::EmptyResult;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The parameters of `ping`, which has none.
pub(crate) struct PingRequestParams;

impl<H: Host> Method<H> for PingRequestParams {
    const NAME: &'static str = "ping";

    fn parse(_: Object, _: Visible<'_, H>) -> Self {
        Self
    }

    fn is_served(_: &Registry<H>, version: ProtocolVersion) -> bool {
        !version.is_modern()
    }

    fn admit(self, _: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        Ok(Operation::request(async |request| Ok(request.result(EmptyResult {}))))
    }
}
