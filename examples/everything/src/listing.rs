//! A tool that is listed with everything that a tool can say about itself.

use mcp_connector::{Connector, Context, Icon, Theme, Tool, ToolError};

pub(crate) fn add_to(connector: Connector) -> Connector {
    let icon = Icon::new("https://example.com/icon.png").mime_type("image/png").size("48x48").theme(Theme::Light);
    connector.tool(
        Tool::new("decorated", "Has a title, an icon and every hint.", decorated)
            .title("Decorated")
            .icon(icon)
            .read_only()
            .idempotent()
            .closed_world(),
    )
}

async fn decorated(_cx: Context) -> Result<&'static str, ToolError> {
    Ok("ok")
}
