//! `prompts/list` ("Listing Prompts").

use serde::Serialize;
use serde_json::value::RawValue;

use crate::author::features::entries;
use crate::author::registry::Registry;
use crate::author::visibility::visible::{Visible, list_cache};
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::method::Method;
use crate::methods::operation::Operation;
use crate::methods::pagination::PaginatedRequestParams;
use crate::types::result::{CacheHints, ServerResult};
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The name of the list, which its cursors carry.
const LIST: &str = "prompts";

/// The parameters of `prompts/list`.
pub(crate) struct ListPromptsRequestParams(PaginatedRequestParams);

impl<H: Host> Method<H> for ListPromptsRequestParams {
    const NAME: &'static str = "prompts/list";

    fn parse(params: Object, _: Visible<'_, H>) -> Self {
        Self(PaginatedRequestParams::parse(params))
    }

    fn is_served(registry: &Registry<H>, _: ProtocolVersion) -> bool {
        !registry.prompts.is_empty()
    }

    fn admit(self, admission: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        let prompts = &admission.registry.prompts;
        let shown = admission.visible.of(prompts);
        let page = self.0.page(LIST, shown.len(), admission.page_size)?;
        // The page is another one for another caller only where some prompts are hidden from some.
        let own = prompts.have_audience().then(|| page.of(&shown).to_vec());
        Ok(Operation::request(async move |request| {
            let version = request.version();
            let all = &request.registry.prompts;
            let prompts = match &own {
                Some(own) => entries(own, |prompt| Ok(prompt.feature.listed(version))),
                None => all.page(page, version, |prompt| Ok(prompt.feature.listed(version))),
            };
            Ok(request.result(ListPromptsResult {
                prompts: &prompts.map_err(|_| RpcError::internal("The list could not be written as JSON."))?,
                next_cursor: page.next_cursor(LIST),
                cache: list_cache(all, version),
            }))
        }))
    }
}

/// The result of `prompts/list`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListPromptsResult<'a> {
    prompts: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(flatten)]
    cache: Option<CacheHints>,
}

impl ServerResult for ListPromptsResult<'_> {}
