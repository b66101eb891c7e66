//! Tools that go on in the background, and one that counts its runs. The counts live in the isolate; a local server runs one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join;
use mcp_connector::{Connector, Context, Json, RpcError, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How often a slow tool says how far it is.
const TICK: Duration = Duration::from_millis(100);

thread_local! {
    static RUNS: RefCell<BTreeMap<String, Runs>> = const { RefCell::new(BTreeMap::new()) };
}

#[derive(Clone, Copy, Default, Serialize, JsonSchema)]
struct Runs {
    begun: u32,
    running: u32,
}

/// Counts a run; dropped, it runs no more.
struct Run(String);

impl Run {
    fn begin(label: String) -> Self {
        Self::count(&label, |runs| {
            runs.begun = runs.begun.saturating_add(1);
            runs.running = runs.running.saturating_add(1);
        });
        Self(label)
    }

    fn count(label: &str, change: impl FnOnce(&mut Runs)) {
        RUNS.with_borrow_mut(|all| change(all.entry(label.to_owned()).or_default()));
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        Self::count(&self.0, |runs| runs.running = runs.running.saturating_sub(1));
    }
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .tool(
            Tool::new("slow_compute", "Takes as long as it is told.", slow_compute)
                .title("Slow compute")
                .read_only()
                .long_running(),
        )
        .tool(
            Tool::new("failing_job", "Fails after a while.", failing_job).title("Failing job").read_only().task_only(),
        )
        .tool(
            Tool::new("protocol_error_job", "Ends with a JSON-RPC error.", protocol_error_job)
                .title("Protocol error job")
                .read_only()
                .task_only(),
        )
        .tool(
            Tool::new("confirm_delete", "Asks before it deletes nothing.", confirm_delete)
                .title("Confirm delete")
                .destructive()
                .long_running(),
        )
        .tool(
            Tool::new("multi_input", "Asks two things at once.", multi_input)
                .title("Multi input")
                .additive()
                .long_running(),
        )
        .tool(
            Tool::new("test_tool_with_task", "Asks first, and then works in the background.", ask_then_work)
                .title("Ask, then work")
                .additive()
                .task_only()
                .asks_first(),
        )
        .tool(
            Tool::new("crash_job", "Takes the whole isolate down, each time.", crash_job)
                .title("Crash job")
                .read_only()
                .task_only(),
        )
        .tool(
            Tool::new("count_runs", "Tells how often slow_compute began with a label in this isolate.", count_runs)
                .title("Count runs")
                .read_only(),
        )
        .tool(
            Tool::new("long_result", "Gives a result of the length it is told.", long_result)
                .title("Long result")
                .read_only()
                .long_running(),
        )
}

#[derive(Deserialize, JsonSchema)]
struct SlowCompute {
    /// How long it takes.
    #[schemars(range(min = 0, max = 600))]
    seconds: f64,
    /// What to call it.
    label: Option<String>,
}

async fn slow_compute(args: SlowCompute, cx: Context) -> Result<String, ToolError> {
    let label = args.label.unwrap_or_default();
    let _run = Run::begin(label.clone());
    let (mut done, end) = (0.0, args.seconds);
    while done < end {
        cx.progress_with(done, end, &format!("{done:.1} of {end:.1} seconds")).await;
        cx.sleep(TICK).await;
        done += TICK.as_secs_f64();
    }
    Ok(format!("{label} took {end} seconds."))
}

#[derive(Deserialize, JsonSchema)]
struct CountRuns {
    /// The label.
    label: String,
}

async fn count_runs(args: CountRuns) -> Result<Json<Runs>, ToolError> {
    Ok(Json(RUNS.with_borrow(|all| all.get(&args.label).copied().unwrap_or_default())))
}

async fn failing_job(cx: Context) -> Result<String, ToolError> {
    cx.sleep(Duration::from_millis(300)).await;
    Err(ToolError::new("The job failed, as it always does."))
}

async fn protocol_error_job(cx: Context) -> Result<String, ToolError> {
    cx.sleep(TICK).await;
    Err(ToolError::protocol(RpcError::internal("The job ended with a protocol error, as it always does.")))
}

async fn crash_job(cx: Context) -> Result<String, ToolError> {
    cx.sleep(TICK).await;
    // What a panic is in WebAssembly.
    std::process::abort();
}

#[derive(Deserialize, JsonSchema)]
struct ConfirmDelete {
    /// What would be deleted.
    filename: String,
}

#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    /// Delete it
    confirm: bool,
}

async fn confirm_delete(args: ConfirmDelete, cx: Context) -> Result<String, ToolError> {
    let question = format!("Delete {}?", args.filename);
    let Confirmation { confirm } = cx.elicit("confirm", question).await?;
    Ok(format!("{} is {}.", args.filename, if confirm { "deleted" } else { "kept" }))
}

#[derive(Deserialize, JsonSchema)]
struct Name {
    /// A name
    name: String,
}

async fn multi_input(cx: Context) -> Result<String, ToolError> {
    let (name, confirmation) =
        join(cx.elicit::<Name>("name", "What is your name?"), cx.elicit::<Confirmation>("confirm", "Go on?")).await;
    let (name, confirmation) = (name?.name, confirmation?.confirm);
    Ok(format!("{name} said {}.", if confirmation { "yes" } else { "no" }))
}

async fn ask_then_work(cx: Context) -> Result<String, ToolError> {
    let Name { name } = cx.elicit("user_name", "What is your name?").await?;
    cx.continue_as_task()?;
    cx.sleep(TICK).await;
    Ok(format!("Worked for {name}."))
}

#[derive(Deserialize, JsonSchema)]
struct LongResult {
    /// How many bytes.
    #[schemars(range(min = 0, max = 4_000_000))]
    bytes: usize,
}

async fn long_result(args: LongResult) -> Result<String, ToolError> {
    Ok("x".repeat(args.bytes))
}
