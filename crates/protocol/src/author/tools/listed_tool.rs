//! A tool in `tools/list` ("Tool").

use serde::Serialize;
use serde_json::{Value, json};

use crate::author::resources::view;
use crate::author::tools::callers::Callers;
use crate::author::tools::tool::Tool;
use crate::tool_schema::tool_schemas::describes_an_object;
use crate::types::icon::Icon;
use crate::types::tool_annotations::ToolAnnotations;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;
use mcp_connector_base::scope::Scope;

/// The entry of a tool with the members that a revision has.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListedTool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    description: &'a str,
    input_schema: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_schema: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<ListedAnnotations<'a>>,
    #[serde(skip_serializing_if = "<[Icon]>::is_empty")]
    icons: &'a [Icon],
    /// ChatGPT reads it here or in `_meta`; it is not in the specification (SEP-1488).
    #[serde(skip_serializing_if = "Option::is_none")]
    security_schemes: Option<Value>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<Object>,
}

/// Revision 2025-03-26 has the title of a tool only here.
#[derive(Serialize)]
struct ListedAnnotations<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(flatten)]
    hints: ToolAnnotations,
}

impl<'a> ListedTool<'a> {
    pub(crate) fn new<H>(tool: &'a Tool<H>, version: ProtocolVersion) -> Self {
        let title = tool.title.as_deref();
        let output_schema = tool.output.as_ref().map(|output| &output.published).filter(|schema| {
            version.has_structured_content() && (version.has_any_structured_content() || describes_an_object(schema))
        });
        let has_annotations = version.has_tool_annotations();
        Self {
            name: &tool.name,
            title: title.filter(|_| version.has_titles()),
            description: &tool.description,
            input_schema: &tool.input.published,
            output_schema,
            annotations: has_annotations.then_some(ListedAnnotations { title, hints: tool.annotations }),
            icons: if version.has_icons() { &tool.icons } else { &[] },
            // ChatGPT never spoke 2024-11-05.
            security_schemes: has_annotations.then(|| security_schemes(tool)),
            meta: version.has_titles().then(|| meta(tool)),
        }
    }
}

fn meta<H>(tool: &Tool<H>) -> Object {
    let mut meta = tool.meta.clone();
    meta.insert("securitySchemes".to_owned(), security_schemes(tool));
    let visibility = tool.callers.names();
    if let Some(uri) = &tool.view {
        meta.insert(view::META.to_owned(), json!({ "resourceUri": uri, "visibility": visibility }));
        // The form of earlier hosts; deprecated.
        meta.insert("ui/resourceUri".to_owned(), json!(uri));
    } else if tool.callers != Callers::Both {
        meta.insert(view::META.to_owned(), json!({ "visibility": visibility }));
    }
    meta
}

fn security_schemes<H>(tool: &Tool<H>) -> Value {
    let scopes = &tool.scopes;
    if scopes.is_empty() && tool.audience.is_none() {
        return json!([{ "type": "noauth" }]);
    }
    json!([{ "type": "oauth2", "scopes": scopes.iter().map(Scope::name).collect::<Vec<_>>() }])
}
