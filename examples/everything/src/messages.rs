//! Tools that tell the client something before they answer: log messages and progress.

use std::time::Duration;

use mcp_connector::{Connector, Context, LoggingLevel, Tool, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Long enough that two messages do not arrive as one.
const PAUSE: Duration = Duration::from_millis(50);

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .tool(
            Tool::new("test_tool_with_logging", "Logs three messages, then answers.", logging)
                .title("Logging")
                .read_only(),
        )
        .tool(
            Tool::new("test_logging_tool", "Logs three messages if the request asks for them.", logging)
                .title("Logging on request")
                .read_only(),
        )
        .tool(Tool::new("log_levels", "Logs one message of each level.", log_levels).title("Log levels").read_only())
        .tool(
            Tool::new("test_tool_with_progress", "Reports progress three times, then answers.", progress)
                .title("Progress")
                .read_only(),
        )
        .tool(
            Tool::new("progress_slowly", "Reports progress after each of several waits.", progress_slowly)
                .title("Slow progress")
                .read_only(),
        )
        .tool(
            Tool::new("flood", "Reports progress or logs, thousands of times without a pause.", flood)
                .title("Flood")
                .read_only(),
        )
        .tool(
            Tool::new("test_streaming_elicitation", "Logs and answers, and asks the client nothing.", logging)
                .title("A stream without requests")
                .read_only(),
        )
}

async fn logging(cx: Context) -> Result<&'static str, ToolError> {
    for message in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        cx.log(LoggingLevel::Info, message).await;
        cx.sleep(PAUSE).await;
    }
    Ok("Tool with logging executed successfully")
}

async fn log_levels(cx: Context) -> Result<&'static str, ToolError> {
    for level in LoggingLevel::ALL {
        cx.log_as("levels", level, json!({ "level": level.as_str() })).await;
    }
    Ok("logged")
}

async fn progress(cx: Context) -> Result<&'static str, ToolError> {
    for percent in [0.0, 50.0, 100.0] {
        cx.progress(percent, 100.0).await;
        cx.sleep(PAUSE).await;
    }
    Ok("Tool with progress executed successfully")
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ProgressSlowly {
    /// How many times progress is reported.
    steps: u16,
    /// How long to wait before each report, in milliseconds.
    delay_ms: u16,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Flood {
    /// What is sent.
    of: Kind,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Progress,
    Logs,
}

async fn flood(args: Flood, cx: Context) -> Result<&'static str, ToolError> {
    for step in 1..=5000 {
        match args.of {
            Kind::Progress => cx.progress(f64::from(step), 5000.0).await,
            Kind::Logs => cx.log(LoggingLevel::Info, step).await,
        }
    }
    Ok("flooded")
}

async fn progress_slowly(args: ProgressSlowly, cx: Context) -> Result<&'static str, ToolError> {
    for step in 1..=args.steps {
        cx.sleep(Duration::from_millis(args.delay_ms.into())).await;
        cx.progress_with(step.into(), args.steps.into(), &format!("step {step}")).await;
    }
    Ok("done")
}
