//! How much each person uses each tool, in Workers Analytics Engine.

use mcp_connector::worker::{AnalyticsEngineDataPointBuilder, Date, console_error};
use mcp_connector::{Call, CallOutcome, Connector, Next, ToolError};

async fn usage(call: Call, next: Next) -> Result<CallOutcome, ToolError> {
    let began = Date::now().as_millis();
    let outcome = next.run().await;
    let took = Date::now().as_millis().saturating_sub(began);
    if let Err(error) = write(&call, &outcome, took) {
        console_error!("usage: {error}");
    }
    Ok(outcome)
}

/// Writes a data point. It waits for nothing.
fn write(call: &Call, outcome: &CallOutcome, milliseconds: u64) -> mcp_connector::worker::Result<()> {
    let person = call.caller().map_or("nobody", |caller| caller.subject.as_str());
    let milliseconds = u32::try_from(milliseconds).unwrap_or(u32::MAX);
    AnalyticsEngineDataPointBuilder::new()
        .indexes([person])
        .add_blob(call.kind().as_str())
        .add_blob(call.name())
        .add_blob(outcome.as_str())
        .add_double(milliseconds)
        .write_to(&call.cx().env().analytics_engine("USAGE")?)
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector.around(usage)
}
