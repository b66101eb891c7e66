//! A key-value store that is close to every reader: KV.

use std::time::Duration;

use mcp_connector::{Connector, Context, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const ONE_WEEK: Duration = Duration::from_hours(7 * 24);

#[derive(Serialize, Deserialize, JsonSchema)]
struct Notice {
    /// What everybody should know.
    #[schemars(length(min = 1, max = 500))]
    text: String,
}

async fn post_notice(args: Notice, cx: Context) -> Result<&'static str, ToolError> {
    cx.kv("BOARD")?.put_for("notice", &args, ONE_WEEK).await?;
    Ok("It is on the board for a week. Everybody sees it within a minute.")
}

async fn read_notice(cx: Context) -> Result<String, ToolError> {
    let notice: Option<Notice> = cx.kv("BOARD")?.get("notice").await?;
    Ok(notice.map_or_else(|| "The board is empty.".to_owned(), |notice| notice.text))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .tool(Tool::new("post_notice", "Put a notice on the board.", post_notice).title("Post notice").destructive())
        .tool(Tool::new("read_notice", "Read what is on the board.", read_notice).title("Read notice").read_only())
}
