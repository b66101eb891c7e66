//! Handlers of each kind that end the instance in which they run, and slow ones that are in flight when it ends.

use std::hint::black_box;
use std::time::Duration;

use mcp_connector::{Connector, Context, Partial, Prompt, ResourceTemplate, Tool, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .tool(Tool::new("panics", "Ends the instance.", panics).title("Panics").read_only())
        .tool(Tool::new("panics_writing", "Ends the instance while it writes.", panics).title("Panics").additive())
        .tool(
            Tool::new("panics_as_task", "Ends the instance as a task.", panics).title("Panics").read_only().task_only(),
        )
        .tool(Tool::new("reads_slowly", "Reads for a while.", slowly).title("Reads slowly").read_only())
        .tool(Tool::new("writes_slowly", "Writes for a while.", slowly).title("Writes slowly").additive())
        .template(
            ResourceTemplate::new("panics://{when}", "panics", "Ends the instance when it is read.", read)
                .title("Panics"),
        )
        .prompt(Prompt::new("panics", "Ends the instance.", prompt).title("Panics").complete("when", complete))
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum When {
    AtOnce,
    Later,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum How {
    Panic,
    OutOfMemory,
    OutOfStack,
}

#[derive(Deserialize, JsonSchema)]
struct Panics {
    /// Before or after it waits.
    when: When,
    /// What ends it.
    how: Option<How>,
}

async fn panics(args: Panics, cx: Context) -> Result<&'static str, ToolError> {
    // Opens the stream, if the client asked for progress.
    cx.progress(0.0, 1.0).await;
    end(args.when, args.how.unwrap_or(How::Panic), &cx).await;
    Ok("still there")
}

async fn end(when: When, how: How, cx: &Context) {
    if let When::Later = when {
        cx.sleep(Duration::from_millis(200)).await;
    }
    match how {
        How::Panic => panic_of_a_fixture(),
        How::OutOfMemory => run_out_of_memory(),
        How::OutOfStack => drop(black_box(run_out_of_stack(black_box(1)))),
    }
}

#[expect(clippy::panic, reason = "what the test is about")]
fn panic_of_a_fixture() {
    panic!("a fixture panics");
}

/// The memory is asked for and never touched.
fn run_out_of_memory() {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for _ in 0..64 {
        all.push(black_box(Vec::with_capacity(512 * 1024 * 1024)));
    }
    drop(black_box(all));
}

#[expect(unconditional_recursion, reason = "what the test is about")]
fn run_out_of_stack(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    run_out_of_stack(black_box(depth.wrapping_add(1))).wrapping_add(frame.iter().copied().fold(0, u64::wrapping_add))
}

#[derive(Deserialize, JsonSchema)]
struct Slowly {
    /// How long.
    milliseconds: u64,
}

async fn slowly(args: Slowly, cx: Context) -> Result<&'static str, ToolError> {
    cx.progress(0.0, 1.0).await;
    cx.sleep(Duration::from_millis(args.milliseconds)).await;
    Ok("done")
}

#[derive(Deserialize, JsonSchema)]
struct At {
    /// Before or after it waits.
    when: When,
}

async fn read(args: At, cx: Context) -> Result<&'static str, ToolError> {
    end(args.when, How::Panic, &cx).await;
    Ok("still there")
}

async fn prompt(args: At, cx: Context) -> Result<&'static str, ToolError> {
    end(args.when, How::Panic, &cx).await;
    Ok("still there")
}

async fn complete(partial: Partial, cx: Context) -> Result<Vec<String>, ToolError> {
    let when = if partial.value == "later" { When::Later } else { When::AtOnce };
    end(when, How::Panic, &cx).await;
    Ok(Vec::new())
}
