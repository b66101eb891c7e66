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
    /// The compiled schema of its results, once one of them had to be checked.
    output: OnceCell<Option<Schema>>,
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
            output: OnceCell::new(),
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

    /// Returns the result of a call, or a failure if its structured content breaks the output schema: a client would drop all of it
    /// ("Output Schema"). A result has the form of its type, but a number that is not finite is written as null.
    pub(crate) fn checked(&self, result: CallToolResult) -> CallToolResult {
        let compile = || self.tool.output.as_ref().and_then(|output| Schema::compile(&output.published).ok());
        let violations = result
            .structured_with_null()
            .and_then(|structured| self.output.get_or_init(compile).as_ref()?.validate(&structured).err());
        violations.map_or(result, |violations| CallToolResult::invalid_result(&violations))
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

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use schemars::{JsonSchema, SchemaGenerator, json_schema};
    use serde::{Deserialize, Serialize, Serializer};
    use serde_json::{Value, json};

    use crate::author::connector::Connector;
    use crate::author::tools::json::Json;
    use crate::author::tools::tool::Tool;
    use crate::author::tools::tool_error::ToolError;
    use crate::call::context::Context;
    use crate::testing::test_client::TestClient;
    use crate::testing::test_host::TestHost;

    #[derive(Deserialize, JsonSchema)]
    struct Of {
        part: f64,
        whole: f64,
    }

    #[derive(Serialize, JsonSchema)]
    struct Share {
        ratio: f64,
        note: Option<&'static str>,
        about: &'static str,
    }

    /// Is written as a number, and says that it is a text.
    struct Mislabelled;

    impl Serialize for Mislabelled {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([("name", 7)])
        }
    }

    impl JsonSchema for Mislabelled {
        fn schema_name() -> Cow<'static, str> {
            "Mislabelled".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
            json_schema!({"type": "object", "properties": {"name": {"type": "string"}}})
        }
    }

    fn result(tool: &str, arguments: &Value) -> Value {
        let share = async |of: Of| {
            Ok::<_, ToolError>(Json(Share { ratio: of.part / of.whole, note: None, about: "null and void" }))
        };
        let client = TestClient::of(Connector::new("test", "1").tool(Tool::new("share", "A share.", share)).tool(
            Tool::new("mislabelled", "A name.", async |_: Context<TestHost>| Ok::<_, ToolError>(Json(Mislabelled))),
        ));
        client.modern("tools/call", &json!({"name": tool, "arguments": arguments}), None)["result"].clone()
    }

    #[test]
    fn a_result_that_breaks_the_output_schema_is_a_failure() {
        let half = result("share", &json!({"part": 1, "whole": 2}));
        assert_eq!(half["structuredContent"], json!({"ratio": 0.5, "about": "null and void"}));
        // 0/0 is no number, and JSON has null for it.
        for (tool, arguments, path) in
            [("share", json!({"part": 0, "whole": 0}), "ratio"), ("mislabelled", json!({}), "name")]
        {
            let failed = result(tool, &arguments);
            assert_eq!((&failed["isError"], failed.get("structuredContent")), (&json!(true), None), "{tool}");
            let text = failed["content"][0]["text"].as_str().unwrap();
            assert!(text.contains("does not fit its output schema") && text.contains(path), "{text}");
        }
    }
}
