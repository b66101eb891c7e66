//! Links to files, and what a handler reads of a file.

use std::time::Duration;

use mcp_connector::{Connector, Context, FileLimits, Json, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Wanted {
    /// What the file is for.
    purpose: String,
    /// The size of the largest file.
    max_bytes: u64,
    /// The media types that are admitted.
    #[serde(default)]
    content_types: Vec<String>,
    /// How long the link is open.
    #[serde(default)]
    seconds: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
struct Link {
    /// Where the file is sent.
    url: String,
    /// Its key.
    key: String,
}

#[derive(Deserialize, JsonSchema)]
struct Key {
    /// The key of the file.
    key: String,
}

#[derive(Serialize, JsonSchema)]
struct Read {
    /// Its name.
    name: Option<String>,
    /// Its media type.
    content_type: String,
    /// How many bytes it is said to have.
    size: u64,
    /// How many bytes were read.
    bytes: u64,
    /// The sum of all bytes.
    sum: u64,
    /// The largest piece that was read.
    largest_piece: u64,
    /// The first line and the number of lines, if it is text.
    first_line: Option<String>,
    /// The number of lines, if it is text.
    lines: Option<u64>,
}

async fn upload_link(wanted: Wanted, cx: Context) -> Result<Json<Link>, ToolError> {
    let limits = FileLimits::up_to(wanted.max_bytes).content_types(wanted.content_types);
    let limits = wanted.seconds.map_or(limits.clone(), |seconds| limits.valid_for(Duration::from_secs(seconds)));
    let upload = cx.upload_url(&wanted.purpose, limits).await?;
    Ok(Json(Link { url: upload.url, key: upload.key }))
}

async fn download_link(args: Key, cx: Context) -> Result<String, ToolError> {
    cx.download_url(&args.key).await
}

async fn read_file(args: Key, cx: Context) -> Result<Json<Read>, ToolError> {
    let file = cx.file(&args.key).await?;
    let (mut bytes, mut sum, mut largest_piece) = (0, 0, 0);
    let mut reader = file.read().await?;
    while let Some(piece) = reader.chunk().await? {
        let length = u64::try_from(piece.len())?;
        bytes += length;
        sum += piece.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        largest_piece = length.max(largest_piece);
    }
    let (mut first_line, mut lines) = (None, None);
    if file.content_type().starts_with("text/") {
        let mut reader = file.read().await?;
        let mut count = 0;
        while let Some(line) = reader.line().await? {
            first_line.get_or_insert(line);
            count += 1;
        }
        lines = Some(count);
    }
    let (name, content_type) = (file.name().map(str::to_owned), file.content_type().to_owned());
    Ok(Json(Read { name, content_type, size: file.size(), bytes, sum, largest_piece, first_line, lines }))
}

async fn delete_file(args: Key, cx: Context) -> Result<&'static str, ToolError> {
    cx.file(&args.key).await?.delete().await?;
    Ok("Deleted.")
}

/// The size of the memory of the instance, in bytes.
async fn memory(_cx: Context) -> Result<String, ToolError> {
    #[cfg(target_arch = "wasm32")]
    return Ok((core::arch::wasm32::memory_size::<0>() * 65536).to_string());
    #[cfg(not(target_arch = "wasm32"))]
    Err(ToolError::new("There is no such memory."))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .files("FILES")
        .tool(Tool::new("upload_link", "Make an upload link.", upload_link).title("Upload link").additive())
        .tool(Tool::new("download_link", "Make a download link.", download_link).title("Download link").read_only())
        .tool(Tool::new("read_file", "Read a file to its end.", read_file).title("Read file").read_only())
        .tool(Tool::new("delete_file", "Delete a file.", delete_file).title("Delete file").destructive())
        .tool(Tool::new("memory", "Say how large the memory is.", memory).title("Memory").read_only())
}
