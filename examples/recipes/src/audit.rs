//! An audit: who changed what, in D1 and in Workers Analytics Engine.

use mcp_connector::worker::console_error;
use mcp_connector::{BindingError, Call, CallOutcome, Connector, Json, Next, Tool, ToolError};
use mcp_connector::{Context, Scope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) const AUDIT: Scope = Scope::new("audit", "See who changed what");

async fn audit(call: Call, next: Next) -> Result<CallOutcome, ToolError> {
    if call.is_read_only() {
        return Ok(next.run().await);
    }
    // Written first: a call that could not be accounted for is not made, and one that never ends is still in the table.
    let entry = begin(&call).await?;
    let outcome = next.run().await;
    if let Err(error) = end(&call, entry, &outcome).await {
        console_error!("audit: {error}");
    }
    Ok(outcome)
}

/// Writes that a call has begun, and returns the number of its row.
async fn begin(call: &Call) -> Result<u32, ToolError> {
    let caller = call.caller();
    let person = caller.map_or("", |caller| caller.subject.as_str());
    let client = caller.map_or("", |caller| caller.client_id.as_str());
    let insert = "INSERT INTO audit (person, client, tool, outcome) VALUES (?1, ?2, ?3, 'begun') RETURNING id";
    let entry = call.cx().d1("DB")?.first(insert, (person, client, call.name())).await?;
    entry.ok_or_else(|| ToolError::new("The call could not be written down, so it was not made."))
}

/// Writes how it ended.
async fn end(call: &Call, entry: u32, outcome: &CallOutcome) -> Result<u64, BindingError> {
    call.cx().d1("DB")?.execute("UPDATE audit SET outcome = ?1 WHERE id = ?2", (outcome.as_str(), entry)).await
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Change {
    /// When, in UTC.
    at: String,
    /// Who.
    person: String,
    /// What.
    tool: String,
    /// What came of it.
    outcome: String,
}

#[derive(Serialize, JsonSchema)]
struct Changes {
    changes: Vec<Change>,
}

async fn recent_changes(cx: Context) -> Result<Json<Changes>, ToolError> {
    let select = "SELECT at, person, tool, outcome FROM audit ORDER BY id DESC LIMIT 50";
    Ok(Json(Changes { changes: cx.d1("DB")?.query(select, ()).await? }))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector.around(audit).tool(
        Tool::new("recent_changes", "List who changed what, the latest first.", recent_changes)
            .title("Recent changes")
            .scope(AUDIT)
            .visible_to(|caller| caller.subject.as_str() == "owner")
            .read_only(),
    )
}
