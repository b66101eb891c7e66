//! A tool that waits for its client to go away, and one that tells whether it noticed.
//! The counts live in the isolate; a local server runs one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use mcp_connector::{Connector, Context, Json, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How often it wakes, and how often until it gives up: 20 seconds.
const TICK: Duration = Duration::from_millis(50);
const TICKS: u32 = 400;

thread_local! {
    static RUNS: RefCell<BTreeMap<String, Runs>> = const { RefCell::new(BTreeMap::new()) };
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .tool(
            Tool::new("hang_until_cancelled", "Waits until the client goes away.", hang)
                .title("Hang until cancelled")
                .additive(),
        )
        .tool(
            Tool::new("hang_counts", "Tells how the runs of hang_until_cancelled ended.", counts)
                .title("Hang counts")
                .read_only(),
        )
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Hang {
    /// Under which name the run is counted.
    key: String,
    /// For how many ticks of 50 ms it waits.
    ticks: Option<u32>,
}

#[derive(Clone, Copy, Default, Serialize, JsonSchema)]
struct Runs {
    started: u32,
    cancelled: u32,
    finished: u32,
}

/// Counts how a run ends, also when it is dropped in the middle.
struct Run {
    key: String,
    is_finished: bool,
}

impl Run {
    fn start(key: String) -> Self {
        record(&key, |runs| &mut runs.started);
        Self { key, is_finished: false }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        record(&self.key, |runs| if self.is_finished { &mut runs.finished } else { &mut runs.cancelled });
    }
}

fn record(key: &str, which: impl FnOnce(&mut Runs) -> &mut u32) {
    RUNS.with_borrow_mut(|all| {
        let count = which(all.entry(key.to_owned()).or_default());
        *count = count.saturating_add(1);
    });
}

async fn hang(args: Hang, cx: Context) -> Result<&'static str, ToolError> {
    let mut run = Run::start(args.key);
    // Opens the stream, if the client asked for progress.
    cx.progress(0.0, 1.0).await;
    for _ in 0..args.ticks.unwrap_or(TICKS) {
        cx.sleep(TICK).await;
    }
    run.is_finished = true;
    Ok("finished")
}

async fn counts(args: Hang) -> Result<Json<Runs>, ToolError> {
    Ok(Json(RUNS.with_borrow(|all| all.get(&args.key).copied().unwrap_or_default())))
}
