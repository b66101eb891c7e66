//! Resources of each kind: text, bytes, and a template.

use mcp_connector::{Annotations, Connector, Context, Json, Resource, ResourceTemplate, Role, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::content::PNG;

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .resource(
            Resource::new("test://static-text", "static-text", "A text that never changes.", static_text)
                .title("Static text")
                .mime_type("text/plain")
                .annotations(
                    Annotations::new().audience(Role::User).priority(0.8).last_modified("2025-01-12T15:00:58Z"),
                ),
        )
        .resource(
            Resource::new("test://static-binary", "static-binary", "An image that never changes.", static_binary)
                .title("Static binary")
                .mime_type("image/png"),
        )
        .resource(
            Resource::new("test://watched-resource", "watched-resource", "A text to subscribe to.", watched)
                .title("Watched resource")
                .mime_type("text/plain"),
        )
        .template(
            ResourceTemplate::new("test://template/{id}/data", "template-data", "Data for each id.", template_data)
                .title("Template data")
                .mime_type("application/json")
                .annotations(Annotations::new().audience(Role::Assistant).priority(0.0)),
        )
}

async fn static_text(_cx: Context) -> Result<&'static str, ToolError> {
    Ok("This is the content of the static text resource.")
}

async fn static_binary(_cx: Context) -> Result<Vec<u8>, ToolError> {
    Ok(PNG.to_owned())
}

async fn watched(_cx: Context) -> Result<&'static str, ToolError> {
    Ok("Watched resource content")
}

#[derive(Deserialize, JsonSchema)]
struct Id {
    id: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TemplateData {
    data: String,
    template_test: bool,
    id: String,
}

async fn template_data(args: Id) -> Result<Json<TemplateData>, ToolError> {
    Ok(Json(TemplateData { data: format!("Data for ID: {}", args.id), template_test: true, id: args.id }))
}
