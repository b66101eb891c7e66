//! `resources/list` ("Listing Resources").
//!
//! First come the resources with fixed URIs, then what the caller has of each template that lists all at once, then what the
//! caller has of the other templates, page by page.

use serde::Serialize;
use serde_json::Value;

use crate::author::registry::{Registry, ValidatedTemplate};
use crate::author::resources::listed_resource::{ListPage, ListedPage, ListedResource, Lister};
use crate::author::resources::uri_template::Uri;
use crate::author::tools::tool_error::Unfinished;
use crate::author::visibility::visible::Visible;
use crate::call::context::Context;
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::method::Method;
use crate::methods::operation::Operation;
use crate::methods::pagination::{PaginatedRequestParams, TemplatePosition};
use crate::methods::request_context::RequestContext;
use crate::transport::response::Response;
use crate::types::result::{CacheHints, ServerResult};
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The name of the list, which its cursors carry.
pub(crate) const LIST: &str = "resources";

/// The parameters of `resources/list`.
pub(crate) struct ListResourcesRequestParams(PaginatedRequestParams);

impl<H: Host> Method<H> for ListResourcesRequestParams {
    const NAME: &'static str = "resources/list";

    fn parse(params: Object, _: Visible<'_, H>) -> Self {
        Self(PaginatedRequestParams::parse(params))
    }

    fn is_served(registry: &Registry<H>, _: ProtocolVersion) -> bool {
        registry.has_resources()
    }

    fn admit(self, admission: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        let size = admission.page_size.max(1);
        // How long the list is, and so whether the cursor is valid, is known only once it has been read.
        Ok(Operation::request(async move |request| run(&self.0, size, &request).await))
    }
}

async fn run<H: Host>(
    params: &PaginatedRequestParams,
    size: usize,
    request: &RequestContext<H>,
) -> Result<Response, Unfinished> {
    let list = ResourceList { registry: &request.registry, cx: request.handler_context(), size };
    let (mut shown, position) = if let Some(position) = params.template_position(LIST) {
        (Vec::new(), position)
    } else {
        let mut resources = list.whole().await?;
        let page = params.page(LIST, resources.len(), size).map_err(RpcError::from)?;
        let is_last = page.end >= resources.len();
        resources.truncate(page.end);
        resources.drain(..page.start);
        if !is_last {
            return Ok(response(&resources, page.next_cursor(LIST), request));
        }
        (resources, TemplatePosition::default())
    };
    let next = list.fill(&mut shown, position).await?;
    Ok(response(&shown, next.map(|position| position.cursor(LIST)), request))
}

fn response<H: Host>(
    resources: &[ListedResource],
    next_cursor: Option<String>,
    request: &RequestContext<H>,
) -> Response {
    let version = request.version();
    // This includes callers who get no resource of a template: after a sign-in the same request returns another list.
    let is_own = request.registry.templates.iter().any(|template| template.feature.list.is_some())
        || request.registry.resources.have_audience();
    request.result(ListResourcesResult {
        resources: resources.iter().map(|resource| resource.listed(version)).collect(),
        next_cursor,
        cache: if is_own { CacheHints::private(version) } else { CacheHints::public(version) },
    })
}

/// The list as one caller sees it.
struct ResourceList<'a, H> {
    registry: &'a Registry<H>,
    cx: Context<H>,
    /// Most items on a page.
    size: usize,
}

impl<H: Host> ResourceList<'_, H> {
    /// Returns all that is listed at once.
    async fn whole(&self) -> Result<Vec<ListedResource>, Unfinished> {
        let visible = self.registry.visible_to(self.cx.caller());
        let resources = self.registry.resources.iter().filter(|resource| visible.sees(&resource.access));
        let listed = resources.filter(|resource| resource.feature.is_listed);
        let mut resources: Vec<ListedResource> = listed.map(|resource| resource.feature.entry.clone()).collect();
        for template in self.registry.templates.iter() {
            if let Some(Lister::Whole(list)) = &template.feature.list
                && template.access.admits(self.cx.caller())
            {
                let own = list(self.cx.clone()).await;
                let own = own.map_err(|error| error.unfinished(self.cx.protocol_version()))?;
                resources.extend(own.into_iter().filter_map(|resource| of_template(resource, template)));
            }
        }
        Ok(resources)
    }

    /// Fills a page up with what templates list page by page, from `position` on. Returns where the next page begins.
    async fn fill(
        &self,
        shown: &mut Vec<ListedResource>,
        position: TemplatePosition,
    ) -> Result<Option<TemplatePosition>, Unfinished> {
        for (number, template) in self.registry.templates.iter().enumerate().skip(position.template) {
            // A position is one of its own template only, which the caller may not be given any more.
            let after = if number == position.template { position.after } else { 0 };
            let Some(Lister::Pages(list)) = &template.feature.list else { continue };
            if !template.access.admits(self.cx.caller()) {
                continue;
            }
            let limit = self.size.saturating_sub(shown.len());
            if limit == 0 {
                return Ok(Some(TemplatePosition { template: number, after }));
            }
            let page = list(ListPage { after, limit }, self.cx.clone()).await;
            let ListedPage { resources, next } = page.map_err(|error| error.unfinished(self.cx.protocol_version()))?;
            shown.extend(resources.into_iter().filter_map(|resource| of_template(resource, template)));
            match next {
                Some(next) if next > after => return Ok(Some(TemplatePosition { template: number, after: next })),
                // The client would ask for the same page for ever.
                Some(_) => return Err(RpcError::internal("A page of resources does not advance the list.").into()),
                None => {}
            }
        }
        Ok(None)
    }
}

/// Returns an entry that a client can use: its URI is one of this template.
fn of_template<H>(mut resource: ListedResource, template: &ValidatedTemplate<H>) -> Option<ListedResource> {
    let uri = Uri::parse(&resource.uri).ok()?;
    template.checked.uri.matches(&uri)?;
    if resource.metadata.mime_type.is_none() {
        resource.metadata.mime_type.clone_from(&template.feature.metadata.mime_type);
    }
    Some(resource)
}

/// The result of `resources/list`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListResourcesResult {
    resources: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(flatten)]
    cache: Option<CacheHints>,
}

impl ServerResult for ListResourcesResult {}
