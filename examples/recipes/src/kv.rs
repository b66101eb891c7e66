//! A key-value store that is close to every reader: KV.

use mcp_connector::{Connector, Context, Tool, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

const ONE_WEEK: u64 = 7 * 24 * 60 * 60;

#[derive(Deserialize, JsonSchema)]
struct Notice {
    /// What everybody should know.
    #[schemars(length(min = 1, max = 500))]
    text: String,
}

async fn post_notice(args: Notice, cx: Context) -> Result<&'static str, ToolError> {
    cx.env().kv("BOARD")?.put("notice", args.text)?.expiration_ttl(ONE_WEEK).execute().await?;
    Ok("It is on the board for a week. Everybody sees it within a minute.")
}

async fn read_notice(cx: Context) -> Result<String, ToolError> {
    let notice = cx.env().kv("BOARD")?.get("notice").text().await?;
    Ok(notice.unwrap_or_else(|| "The board is empty.".to_owned()))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .tool(Tool::new("post_notice", "Put a notice on the board.", post_notice).title("Post notice").destructive())
        .tool(Tool::new("read_notice", "Read what is on the board.", read_notice).title("Read notice").read_only())
}
