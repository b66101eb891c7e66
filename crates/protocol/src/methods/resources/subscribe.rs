//! `resources/subscribe`, until 2025-11-25 ("Subscriptions" of resources).

use crate::author::registry::Registry;
use crate::author::resources::uri_template::Uri;
use crate::author::tools::tool_error::Unfinished;
use crate::author::visibility::visible::Visible;
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::method::Method;
use crate::methods::need::Need;
use crate::methods::operation::Operation;
use crate::methods::params::uri;
use crate::methods::request_context::RequestContext;
use crate::methods::resources::found_resource::FoundResource;
use crate::subscriptions::change::Topic;
use crate::subscriptions::interest::Watched;
use crate::subscriptions::watch::{Watch, WatchChange};
use crate::transport::response::Response;
use crate::types::result::EmptyResult;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The parameters of `resources/subscribe`.
pub(crate) struct SubscribeRequestParams<H>(pub(crate) WatchedResource<H>);

/// The resource that a client subscribes to or unsubscribes from.
pub(crate) struct WatchedResource<H> {
    /// `None` if it is no URI.
    uri: Option<Uri>,
    /// What is at the URI, if there is something.
    found: Option<FoundResource<H>>,
}

impl<H: Host> WatchedResource<H> {
    pub(crate) fn parse(params: &Object, visible: Visible<'_, H>) -> Self {
        let uri = uri(params);
        let found = uri.as_ref().and_then(|uri| FoundResource::at(uri, visible));
        Self { uri, found }
    }

    /// Returns the change of the session's subscriptions.
    pub(crate) fn watch(self, change: WatchChange, admission: &Admission<'_, H>) -> Result<Watch, RpcError> {
        let uri = self.uri.ok_or_else(|| RpcError::invalid_params("`uri` must be the URI of a resource."))?;
        let session = admission.session.clone().stateful().ok_or_else(|| {
            RpcError::invalid_params(
                "Send the header Mcp-Session-Id that `initialize` gave: the subscription belongs to that session.",
            )
        })?;
        let found = self.found.ok_or_else(|| RpcError::resource_not_found(uri.as_str(), admission.version))?;
        Ok(Watch { session, watched: Watched::new(&uri, found.access()), change })
    }
}

impl<H: Host> Method<H> for SubscribeRequestParams<H> {
    const NAME: &'static str = "resources/subscribe";

    fn parse(params: Object, visible: Visible<'_, H>) -> Self {
        Self(WatchedResource::parse(&params, visible))
    }

    fn is_served(registry: &Registry<H>, version: ProtocolVersion) -> bool {
        !version.is_modern() && registry.announces(Topic::ResourceUpdates)
    }

    fn need(&self, registry: &Registry<H>) -> Need {
        match &self.0.found {
            Some(found) if registry.announces(Topic::ResourceUpdates) => {
                Need::with_state(found.access().need(), registry.keeps_state_for(None))
            }
            _ => Need::Nothing,
        }
    }

    fn admit(self, admission: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        let watch = self.0.watch(WatchChange::Begin, admission)?;
        Ok(Operation::request(async move |request| run(&watch, &request).await))
    }
}

/// Changes the subscriptions of the session.
pub(crate) async fn run<H: Host>(watch: &Watch, request: &RequestContext<H>) -> Result<Response, Unfinished> {
    match request.host.watch(watch, request.subject()).await {
        Ok(()) => Ok(request.result(EmptyResult {})),
        Err(error) => {
            let status = error.http_status();
            Ok(Response::error(Some(&request.id), &error.into_rpc_error(), status))
        }
    }
}
