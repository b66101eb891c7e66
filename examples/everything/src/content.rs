//! Tools that answer with each kind of content.

use mcp_connector::{Annotations, Connector, ContentBlock, Context, ResourceContents, Role, Tool, ToolError};

/// A red square of 2 by 2 pixels.
pub(crate) const PNG: &[u8] = include_bytes!("media/square.png");
/// Ten milliseconds of a tone.
const WAV: &[u8] = include_bytes!("media/tone.wav");

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .tool(Tool::new("test_simple_text", "Answers with one text.", simple_text).title("Simple text").read_only())
        .tool(Tool::new("test_image_content", "Answers with an image.", image).title("Image").read_only())
        .tool(Tool::new("test_audio_content", "Answers with a sound.", audio).title("Sound").read_only())
        .tool(
            Tool::new("test_embedded_resource", "Answers with a resource and its contents.", embedded_resource)
                .title("Embedded resource")
                .read_only(),
        )
        .tool(
            Tool::new("test_multiple_content_types", "Answers with a text, an image and a resource.", several_kinds)
                .title("Several kinds")
                .read_only(),
        )
        .tool(Tool::new("resource_link", "Answers with a link to a resource.", resource_link).title("Link").read_only())
        .tool(
            Tool::new("annotated_content", "Answers with a text that has all annotations.", annotated)
                .title("Annotated text")
                .read_only(),
        )
}

async fn simple_text(_cx: Context) -> Result<&'static str, ToolError> {
    Ok("This is a simple text response for testing.")
}

async fn image(_cx: Context) -> Result<ContentBlock, ToolError> {
    Ok(ContentBlock::image(PNG, "image/png"))
}

async fn audio(_cx: Context) -> Result<ContentBlock, ToolError> {
    Ok(ContentBlock::audio(WAV, "audio/wav"))
}

async fn embedded_resource(_cx: Context) -> Result<ContentBlock, ToolError> {
    let text = "This is an embedded resource content.";
    Ok(ContentBlock::resource(ResourceContents::text("test://embedded-resource", "text/plain", text)))
}

async fn several_kinds(_cx: Context) -> Result<Vec<ContentBlock>, ToolError> {
    let json = r#"{"test":"data","value":123}"#;
    Ok(vec![
        ContentBlock::text("Multiple content types test:"),
        ContentBlock::image(PNG, "image/png"),
        ContentBlock::resource(ResourceContents::text("test://mixed-content-resource", "application/json", json)),
    ])
}

async fn resource_link(_cx: Context) -> Result<ContentBlock, ToolError> {
    Ok(ContentBlock::resource_link("test://static-text", "static-text")
        .description("A text that never changes.")
        .mime_type("text/plain"))
}

async fn annotated(_cx: Context) -> Result<ContentBlock, ToolError> {
    let annotations = Annotations::new().audience(Role::User).priority(0.9).last_modified("2025-01-12T15:00:58Z");
    Ok(ContentBlock::text("For the person, and important.").annotations(annotations))
}
