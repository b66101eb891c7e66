//! `tools/list` and `tools/call` ("Tools").

use std::rc::Rc;

use serde::ser::{Error as _, SerializeMap};
use serde_json::Value;

use crate::author::call_tool_result::CallToolResult;
use crate::author::registry::Registry;
use crate::author::tool_error::Unfinished;
use crate::author::validated_tool::ValidatedTool;
use crate::call::context::Context;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::pagination::Page;
use crate::transport::host::Host;
use crate::types::result::{CacheHints, ResultFields};
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;
use mcp_connector_schema::Violations;

const LIST: &str = "tools";

/// One page of the list.
pub(crate) struct ListTools<H> {
    registry: Rc<Registry<H>>,
    page: Page,
    version: ProtocolVersion,
}

impl<H: 'static> ListTools<H> {
    pub(crate) fn parse(
        params: &Object,
        registry: &Rc<Registry<H>>,
        page_size: usize,
        version: ProtocolVersion,
    ) -> Result<Self, RpcError> {
        let page = Page::of(params, LIST, registry.tools.len(), page_size)?;
        Ok(Self { registry: Rc::clone(registry), page, version })
    }
}

impl<H> ResultFields for ListTools<H> {
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let tools = self.registry.tools.get(self.page.start..self.page.end).unwrap_or_default();
        let listed = tools.iter().map(|tool| tool.listed(self.version)).collect::<Result<Vec<_>, _>>();
        let listed = listed.map_err(M::Error::custom)?;
        map.serialize_entry("tools", &listed)?;
        if let Some(cursor) = self.page.next_cursor(LIST) {
            map.serialize_entry("nextCursor", &cursor)?;
        }
        if self.version.is_modern() {
            // Everybody sees the same tools; who may call them is decided at the call.
            CacheHints::DEPLOYED.write(map)?;
        }
        Ok(())
    }
}

/// A call whose tool exists and whose arguments are an object.
pub(crate) struct CallTool<H> {
    pub(crate) tool: Rc<ValidatedTool<H>>,
    pub(crate) arguments: Value,
}

impl<H: Host> CallTool<H> {
    pub(crate) fn parse(mut params: Object, registry: &Registry<H>) -> Result<Self, RpcError> {
        let Some(Value::String(name)) = params.get("name") else {
            return Err(RpcError::invalid_params("`name` must be a string: the name of a tool."));
        };
        let tool = registry.tool(name).ok_or_else(|| RpcError::invalid_params("There is no tool of this name."))?;
        let arguments = match params.remove("arguments") {
            None => Value::Object(Object::new()),
            Some(arguments @ Value::Object(_)) => arguments,
            Some(_) => return Err(RpcError::invalid_params("`arguments` must be an object.")),
        };
        Ok(Self { tool: Rc::clone(tool), arguments })
    }

    /// Runs the handler, unless the arguments break the tool's schema. That is a result, not a protocol error: the model
    /// reads it and mends its call.
    pub(crate) async fn run(self, cx: Context<H>) -> Result<CallToolResult, Unfinished> {
        let version = cx.protocol_version();
        let arguments = match self.tool.accept(self.arguments) {
            Ok(arguments) => arguments,
            Err(violations) => return Ok(refused(&violations)),
        };
        match self.tool.call(arguments, cx).await {
            Ok(result) => Ok(result),
            Err(error) => error.into_answer(version),
        }
    }
}

pub(crate) fn refused(violations: &Violations) -> CallToolResult {
    CallToolResult::failed(format!("The arguments do not fit the tool's input schema.\n{violations}"))
}
