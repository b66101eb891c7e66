//! Tools that count: they show whether a request that was refused did anything.
//! The counts live in the isolate; a local server runs one.

use std::cell::RefCell;
use std::collections::BTreeMap;

use mcp_connector::{Connector, Json, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

thread_local! {
    static COUNTS: RefCell<BTreeMap<String, u64>> = const { RefCell::new(BTreeMap::new()) };
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .tool(Tool::new("count", "Adds to a counter.", count).title("Count").additive())
        .tool(Tool::new("read_count", "Reads a counter.", read_count).title("Read count").read_only())
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Count {
    /// Which counter.
    key: String,
    /// How much to add; 1 if it is left out.
    #[schemars(range(min = 1, max = 10))]
    amount: Option<u64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReadCount {
    /// Which counter.
    key: String,
}

#[derive(Serialize, JsonSchema)]
struct Counter {
    count: u64,
}

async fn count(args: Count) -> Result<Json<Counter>, ToolError> {
    let count = COUNTS.with_borrow_mut(|counts| {
        let count = counts.entry(args.key).or_default();
        *count = count.saturating_add(args.amount.unwrap_or(1));
        *count
    });
    Ok(Json(Counter { count }))
}

async fn read_count(args: ReadCount) -> Result<Json<Counter>, ToolError> {
    let count = COUNTS.with_borrow(|counts| counts.get(&args.key).copied().unwrap_or_default());
    Ok(Json(Counter { count }))
}
