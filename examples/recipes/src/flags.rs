//! Tools that are switched off without a deployment: flags in KV.

use mcp_connector::{Call, CallOutcome, Connector, Next, ToolError};

async fn flags(call: Call, next: Next) -> Result<CallOutcome, ToolError> {
    // What is in KV under the name of a tool is why it is off. An answer is kept for a minute where the call runs.
    if let Some(reason) = call.cx().kv("FLAGS")?.text(call.name()).await? {
        return Err(ToolError::new(format!("{} is switched off: {reason}", call.name())));
    }
    Ok(next.run().await)
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector.around(flags)
}
