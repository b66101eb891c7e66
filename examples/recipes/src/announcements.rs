//! What the page on announcements adds to the starter.

use mcp_connector::{Connector, Context, Scope, Store, Tool, ToolError, Topic};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const NOTES_WRITE: Scope = Scope::new("notes:write", "Save and delete your notes");

/// A note as it is stored.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Note {
    /// A short heading.
    #[schemars(length(min = 1, max = 200))]
    title: String,
}

async fn save_note(note: Note, cx: Context) -> Result<String, ToolError> {
    let id = Store::of(&cx, "notes")?.add(&note).await?;
    cx.resources_changed().await;
    Ok(format!("“{}” is saved as note {id}.", note.title))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .announces([Topic::ResourceList, Topic::ResourceUpdates])
        .tool(Tool::new("save_note", "Save a new note.", save_note).title("Save note").scope(NOTES_WRITE).additive())
}
