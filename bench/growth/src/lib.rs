//! A connector whose number of tools and scopes the benchmark sets: `npm run bench -- --growth`.
//!
//! A connector is made before a request comes, so the numbers are not variables of the Worker. A module that runs before this one puts
//! them into the global object.

use mcp_connector::worker::js_sys::{self, Reflect};
use mcp_connector::{Connector, Scope, Tool, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

mcp_connector::serve!(connector);

/// Returns a connector whose first tool is public; each of the others needs a scope, as many of which are different as there are scopes.
fn connector() -> Connector {
    let scopes: Vec<Scope> = (0..number("benchScopes").max(1)).map(scope).collect();
    let echo = Tool::new("echo", "Say the same text back. Needs no sign-in.", echo)
        .argument("text", "What to say back.")
        .title("Echo")
        .read_only();
    let mut connector = Connector::new("growth", env!("CARGO_PKG_VERSION")).tool(echo);
    for (index, scope) in (1..number("benchTools")).zip(scopes.iter().cycle()) {
        let tool = Tool::new(format!("find_{index:05}"), "Find records of one kind by what is in them.", find);
        connector = connector.tool(tool.title("Find records").scope(*scope).read_only());
    }
    connector
}

/// Returns a number that the benchmark has set; none is zero.
fn number(name: &str) -> usize {
    let value = Reflect::get(&js_sys::global(), &name.into()).ok().and_then(|value| value.as_f64());
    // The numbers are small and whole.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "five thousand at most")]
    value.map_or(0, |value| value as usize)
}

/// Returns a scope of its own. A name of a scope is a constant otherwise; here it lives as long as the isolate.
fn scope(index: usize) -> Scope {
    Scope::new(format!("records:{index:04}").leak(), "Read records of one kind")
}

async fn echo(text: String) -> Result<String, ToolError> {
    Ok(text)
}

/// What the other tools take.
#[derive(Deserialize, JsonSchema)]
struct Find {
    /// Words that all records have to contain.
    words: String,
    /// `next_cursor` of the page before. Leave it out for the first page.
    cursor: Option<u64>,
    /// At most so many records.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
}

async fn find(Find { words, cursor, limit }: Find) -> Result<String, ToolError> {
    Ok(format!("Nothing contains {words} after {}, of {} at most.", cursor.unwrap_or_default(), limit.unwrap_or(100)))
}
