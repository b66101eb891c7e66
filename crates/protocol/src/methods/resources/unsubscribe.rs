//! `resources/unsubscribe`, until 2025-11-25 ("Subscriptions" of resources).

use crate::author::registry::Registry;
use crate::author::visibility::visible::Visible;
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::method::Method;
use crate::methods::operation::Operation;
use crate::methods::resources::subscribe;
use crate::methods::resources::subscribe::WatchedResource;
use crate::subscriptions::change::Topic;
use crate::subscriptions::watch::WatchChange;
use crate::transport::session::Session;
use crate::types::result::EmptyResult;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The parameters of `resources/unsubscribe`.
pub(crate) struct UnsubscribeRequestParams<H>(WatchedResource<H>);

impl<H: Host> Method<H> for UnsubscribeRequestParams<H> {
    const NAME: &'static str = "resources/unsubscribe";

    fn parse(params: Object, visible: Visible<'_, H>) -> Self {
        Self(WatchedResource::parse(&params, visible))
    }

    fn is_served(registry: &Registry<H>, version: ProtocolVersion) -> bool {
        !version.is_modern() && registry.announces(Topic::ResourceUpdates)
    }

    fn admit(self, admission: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        // A client without a token has no subscription to end.
        if matches!(admission.session, Session::Stateless(_)) {
            return Ok(Operation::request(async |request| Ok(request.result(EmptyResult {}))));
        }
        let watch = self.0.watch(WatchChange::End, admission)?;
        Ok(Operation::request(async move |request| subscribe::run(&watch, &request).await))
    }
}
