//! A tool as it is served: checked, with its compiled schema and its entry in `tools/list`.

use std::cell::OnceCell;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::author::config_error::ErrorKind;
use crate::author::feature::{Feature, Hideable};
use crate::author::handler::HandlerFuture;
use crate::author::name::is_name;
use crate::author::tools::call_tool_result::CallToolResult;
use crate::author::tools::listed_tool::ListedTool;
use crate::author::tools::tool::Tool;
use crate::author::visibility::audience::{Access, Audience};
use crate::call::context::Context;
use crate::tool_schema::header_params::HeaderParams;
use crate::tool_schema::lenient_scalars::with_strings_read;
use crate::tool_schema::tool_schemas::describes_an_object;
use crate::types::version::{PerVersion, ProtocolVersion};
use mcp_connector_base::scope::Scope;
use mcp_connector_schema::{Schema, Violations};

/// What serving a tool needs of its declaration.
pub(crate) struct CheckedTool {
    pub(crate) schema: Schema,
    pub(crate) header_params: HeaderParams,
}

impl<H> Feature for Tool<H> {
    const KIND: &'static str = "tool";
    type Checked = CheckedTool;

    fn key(&self) -> &str {
        &self.name
    }

    fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    fn audience(&self) -> Option<&Audience> {
        self.audience.as_ref()
    }

    fn check(&self) -> Result<CheckedTool, ErrorKind> {
        if !is_name(&self.name) {
            return Err(ErrorKind::Name);
        }
        if !describes_an_object(&self.input.published) {
            return Err(ErrorKind::InputNotAnObject);
        }
        let header_params =
            HeaderParams::of(&self.input.published).map_err(|error| ErrorKind::HeaderParam(error.to_string()))?;
        let schema = Schema::compile(&self.input.exact).map_err(|error| ErrorKind::InputSchema(error.to_string()))?;
        Ok(CheckedTool { schema, header_params })
    }
}

/// A tool that can be served: its schema compiles and its headers are well-formed.
pub struct ValidatedTool<H> {
    pub tool: Tool<H>,
    pub(crate) schema: Schema,
    pub(crate) header_params: HeaderParams,
    pub(crate) access: Access,
    listed: PerVersion<OnceCell<Box<RawValue>>>,
}

impl<H> Hideable for ValidatedTool<H> {
    fn key(&self) -> &str {
        &self.tool.name
    }

    fn access(&self) -> &Access {
        &self.access
    }
}

impl<H> ValidatedTool<H> {
    pub(crate) fn new(tool: Tool<H>, checked: CheckedTool) -> Self {
        let access = Access::new(&tool.scopes, tool.audience.as_ref());
        Self {
            tool,
            schema: checked.schema,
            header_params: checked.header_params,
            access,
            listed: PerVersion::default(),
        }
    }

    /// Returns whether it takes a sign-in.
    #[must_use]
    pub fn needs_sign_in(&self) -> bool {
        self.access.needs_sign_in()
    }

    /// Returns the arguments as the handler takes them. A string that represents a number or a boolean is read as one if the
    /// schema wants that.
    ///
    /// # Errors
    ///
    /// Fails if the arguments do not fit the schema.
    pub(crate) fn accept(&self, arguments: Value) -> Result<Value, Violations> {
        let Err(violations) = self.schema.validate(&arguments) else { return Ok(arguments) };
        let read = with_strings_read(&arguments, &self.tool.input.exact).ok_or(violations)?;
        self.schema.validate(&read).map(|()| read)
    }

    /// Starts the work. `arguments` have passed the schema.
    pub(crate) fn call(&self, arguments: Value, cx: Context<H>) -> HandlerFuture<CallToolResult> {
        (self.tool.handler)(arguments, cx)
    }

    /// Returns the list entry of the tool for `version`, serialized once per isolate.
    ///
    /// # Errors
    ///
    /// Fails if the entry cannot be serialized, because a list without it would look complete.
    pub(crate) fn listed(&self, version: ProtocolVersion) -> serde_json::Result<&RawValue> {
        let slot = self.listed.of(version);
        if let Some(json) = slot.get() {
            return Ok(json);
        }
        let json = serde_json::value::to_raw_value(&ListedTool::new(&self.tool, version))?;
        Ok(slot.get_or_init(|| json))
    }
}
