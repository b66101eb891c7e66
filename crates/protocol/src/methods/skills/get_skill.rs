//! `skills/get` ("Getting a Skill").

use serde::Serialize;
use serde_json::{Value, json};

use crate::author::registry::Registry;
use crate::author::resources::uri_template::Uri;
use crate::author::visibility::visible::Visible;
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::method::Method;
use crate::methods::operation::Operation;
use crate::methods::params::uri;
use crate::types::result::{CacheHints, ServerResult};
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The parameters of `skills/get`.
pub(crate) struct GetSkillRequestParams {
    /// `None` if it is no URI.
    uri: Option<Uri>,
}

impl<H: Host> Method<H> for GetSkillRequestParams {
    const NAME: &'static str = "skills/get";

    fn parse(params: Object, _: Visible<'_, H>) -> Self {
        Self { uri: uri(&params) }
    }

    fn is_served(registry: &Registry<H>, version: ProtocolVersion) -> bool {
        version.is_modern() && !registry.skills.is_empty()
    }

    fn admit(self, admission: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        let uri = self.uri.ok_or_else(|| RpcError::invalid_params("`uri` must be a URI."))?;
        let catalogue = &admission.registry.skills;
        let skill = catalogue.find(uri.as_str(), admission.visible.caller).ok_or_else(|| {
            RpcError::invalid_params("There is no such skill.").with_data(json!({ "uri": uri.as_str() }))
        })?;
        let skill = catalogue.entry(skill, admission.visible.caller);
        Ok(Operation::request(async move |request| {
            Ok(request.result(GetSkillResult { skill, cache: request.registry.skills.cache(request.version()) }))
        }))
    }
}

/// The result of `skills/get`.
#[derive(Serialize)]
struct GetSkillResult {
    skill: Value,
    #[serde(flatten)]
    cache: Option<CacheHints>,
}

impl ServerResult for GetSkillResult {}
