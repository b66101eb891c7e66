//! `resources/read` ("Reading Resources").

use std::borrow::Cow;
use std::rc::Rc;

use serde::Serialize;
use serde_json::Value;

use crate::author::registry::Registry;
use crate::author::resources::into_resource_contents::ReadRequest;
use crate::author::resources::uri_template::Uri;
use crate::author::tools::tool_error::Unfinished;
use crate::author::visibility::visible::Visible;
use crate::call::around::CallKind;
use crate::call::surrounded::around;
use crate::client_requests::multi_round_trip::{InputResponseRequestParams, MultiRoundTrip};
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::method::Method;
use crate::methods::need::Need;
use crate::methods::operation::Operation;
use crate::methods::params::take_text;
use crate::methods::request_context;
use crate::methods::request_context::RequestContext;
use crate::methods::resources::found_resource::FoundResource;
use crate::transport::headers::McpName;
use crate::transport::response::Response;
use crate::types::resource_contents::ResourceContents;
use crate::types::result::{CacheHints, CacheScope, ServerResult};
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The parameters of `resources/read`.
pub(crate) struct ReadResourceRequestParams<H> {
    /// `None` if it is not a string.
    uri: Option<String>,
    /// What is at the URI, if there is something.
    found: Option<FoundResource<H>>,
    input: InputResponseRequestParams,
}

impl<H: Host> Method<H> for ReadResourceRequestParams<H> {
    const NAME: &'static str = "resources/read";

    fn parse(mut params: Object, visible: Visible<'_, H>) -> Self {
        let uri = take_text(&mut params, "uri");
        let found = uri.as_deref().and_then(|uri| FoundResource::at(&Uri::parse(uri).ok()?, visible));
        Self { uri, found, input: InputResponseRequestParams::take(&mut params) }
    }

    fn is_served(registry: &Registry<H>, _: ProtocolVersion) -> bool {
        registry.has_resources()
    }

    fn need(&self, _: &Registry<H>) -> Need {
        self.found.as_ref().map_or(Need::Nothing, |found| found.access().need())
    }

    fn mcp_name(&self) -> Option<McpName<'_>> {
        Some(McpName { member: "uri", value: self.uri.as_deref() })
    }

    fn multi_round_trip(&mut self) -> Result<Option<MultiRoundTrip>, RpcError> {
        #[derive(Serialize)]
        struct Params<'a> {
            uri: Option<&'a str>,
        }
        let params = Params { uri: self.uri.as_deref() };
        self.input.multi_round_trip(<Self as Method<H>>::NAME, &params).map(Some)
    }

    fn admit(self, admission: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        let uri = self.uri.ok_or_else(|| RpcError::invalid_params("`uri` must be a string: the URI of a resource."))?;
        let Some(found) = self.found else {
            Uri::parse(&uri).map_err(|error| RpcError::invalid_params(format!("`uri` is not a URI: {error}.")))?;
            return Err(RpcError::resource_not_found(&uri, admission.version));
        };
        Ok(Operation::request(async move |request| {
            let Some(hooks) = request.registry.hooks() else { return run(uri, found, &request).await };
            let variables = match &found {
                FoundResource::Resource(_) => Object::new().into(),
                FoundResource::Template(_, variables) => variables.clone(),
            };
            let call = request.read_only_call(CallKind::Resource, uri.clone(), variables);
            let inner = Rc::clone(&request);
            let work = async move { run(uri, found, &inner).await };
            let answer = Box::pin(around(hooks, call, work, request_context::outcome)).await;
            answer.unwrap_or_else(|error| Err(error.unfinished(request.version())))
        }))
    }
}

async fn run<H: Host>(
    uri: String,
    found: FoundResource<H>,
    request: &RequestContext<H>,
) -> Result<Response, Unfinished> {
    let version = request.version();
    let (source, mime_type, variables) = match &found {
        FoundResource::Resource(resource) => {
            (&resource.feature.source, &resource.feature.entry.metadata.mime_type, Value::Null)
        }
        FoundResource::Template(template, variables) => {
            (&template.feature.source, &template.feature.metadata.mime_type, variables.clone())
        }
    };
    let read = ReadRequest { uri: uri.clone(), mime_type: mime_type.clone() };
    match (source.read)(variables, request.handler_context(), read).await {
        // An empty array would say that the resource is there.
        Ok(Some(contents)) if !contents.is_empty() => {
            let ttl_ms = u32::try_from(source.fresh_for.as_millis()).unwrap_or(u32::MAX);
            // The result of a handler may depend on the caller, even if the resource is public.
            let hints = CacheHints { ttl_ms, cache_scope: CacheScope::Private };
            Ok(request.result(ReadResourceResult {
                contents: contents.iter().map(|contents| contents.known_to(version)).collect(),
                cache: hints.in_version(version),
            }))
        }
        Ok(_) => Err(RpcError::resource_not_found(&uri, version).into()),
        Err(error) => Err(error.unfinished(version)),
    }
}

/// The result of `resources/read`.
#[derive(Serialize)]
struct ReadResourceResult<'a> {
    contents: Vec<Cow<'a, ResourceContents>>,
    #[serde(flatten)]
    cache: Option<CacheHints>,
}

impl ServerResult for ReadResourceResult<'_> {}
