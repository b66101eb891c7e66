//! `skills/list` ("Listing Skills").

use serde::Serialize;
use serde_json::Value;

use crate::author::registry::Registry;
use crate::author::visibility::visible::Visible;
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
const LIST: &str = "skills";

/// The parameters of `skills/list`.
pub(crate) struct ListSkillsRequestParams(PaginatedRequestParams);

impl<H: Host> Method<H> for ListSkillsRequestParams {
    const NAME: &'static str = "skills/list";

    fn parse(params: Object, _: Visible<'_, H>) -> Self {
        Self(PaginatedRequestParams::parse(params))
    }

    fn is_served(registry: &Registry<H>, version: ProtocolVersion) -> bool {
        version.is_modern() && !registry.skills.is_empty()
    }

    fn admit(self, admission: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        let (catalogue, caller) = (&admission.registry.skills, admission.visible.caller);
        let skills = catalogue.seen_by(caller);
        let page = self.0.page(LIST, skills.len(), admission.page_size)?;
        let skills = page.of(&skills).iter().map(|skill| catalogue.entry(skill, caller)).collect();
        Ok(Operation::request(async move |request| {
            Ok(request.result(ListSkillsResult {
                skills,
                next_cursor: page.next_cursor(LIST),
                cache: request.registry.skills.cache(request.version()),
            }))
        }))
    }
}

/// The result of `skills/list`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListSkillsResult {
    skills: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(flatten)]
    cache: Option<CacheHints>,
}

impl ServerResult for ListSkillsResult {}
