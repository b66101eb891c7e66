//! Files: R2. Each person has a folder.

use mcp_connector::{Connector, Context, Scope, Tool, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

const FILES: Scope = Scope::new("files", "Keep files for you");

#[derive(Deserialize, JsonSchema)]
struct File {
    /// Name of the file, without a folder.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$"))]
    name: String,
    /// The contents.
    #[schemars(length(max = 100_000))]
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct FileName {
    /// Name of the file, as it was saved.
    #[schemars(length(max = 100))]
    name: String,
}

/// Nobody reaches the folder of another: the subject comes from the token.
fn key(cx: &Context, name: &str) -> Result<String, ToolError> {
    Ok(format!("{}/{name}", cx.subject()?))
}

async fn save_file(file: File, cx: Context) -> Result<String, ToolError> {
    let key = key(&cx, &file.name)?;
    cx.r2("FILES")?.put(&key, "text/plain", file.text).await?;
    Ok(format!("{} is saved.", file.name))
}

async fn read_file(args: FileName, cx: Context) -> Result<String, ToolError> {
    let found = cx.r2("FILES")?.text(&key(&cx, &args.name)?).await?;
    found.ok_or_else(|| ToolError::new("There is no such file."))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .tool(
            Tool::new("save_file", "Save a text file, over an older one of that name.", save_file)
                .title("Save file")
                .scope(FILES)
                .destructive(),
        )
        .tool(Tool::new("read_file", "Read a text file.", read_file).title("Read file").scope(FILES).read_only())
}
