//! `resources/directory/read` ("Reading Directories").

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
use crate::methods::pagination::PaginatedRequestParams;
use crate::methods::params::uri;
use crate::types::result::ServerResult;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The name of the list, which its cursors carry.
const LIST: &str = "resources";

/// The parameters of `resources/directory/read`.
pub(crate) struct ReadDirectoryRequestParams {
    /// `None` if it is no URI.
    uri: Option<Uri>,
    page: PaginatedRequestParams,
}

impl<H: Host> Method<H> for ReadDirectoryRequestParams {
    const NAME: &'static str = "resources/directory/read";

    fn parse(params: Object, _: Visible<'_, H>) -> Self {
        Self { uri: uri(&params), page: PaginatedRequestParams::parse(params) }
    }

    fn is_served(registry: &Registry<H>, version: ProtocolVersion) -> bool {
        version.is_modern() && !registry.skills.is_empty()
    }

    fn admit(self, admission: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        let uri = self.uri.ok_or_else(|| RpcError::invalid_params("`uri` must be a URI."))?;
        let children = admission.registry.skills.children(uri.as_str(), admission.visible.caller).ok_or_else(|| {
            RpcError::invalid_params("There is no such directory.").with_data(json!({ "uri": uri.as_str() }))
        })?;
        let page = self.page.page(LIST, children.len(), admission.page_size)?;
        Ok(Operation::request(async move |request| {
            let version = request.version();
            Ok(request.result(ReadDirectoryResult {
                resources: page.of(&children).iter().map(|child| child.listed(version)).collect(),
                next_cursor: page.next_cursor(LIST),
            }))
        }))
    }
}

/// The result of `resources/directory/read`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReadDirectoryResult {
    resources: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl ServerResult for ReadDirectoryResult {}
