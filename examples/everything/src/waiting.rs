//! Tools that wait for events from outside, and one that delivers them.

use std::time::Duration;

use mcp_connector::{Connector, Context, Store, Subject, Tool, ToolError, deliver, deliver_to};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Wait {
    /// The key of the event.
    key: String,
    /// How long to wait, in seconds.
    seconds: f64,
    /// What to say meanwhile.
    message: Option<String>,
    /// The key of an event that comes after the first.
    then: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
struct Delivery {
    /// The key of the event.
    key: String,
    /// The event.
    text: String,
    /// The person whom it concerns.
    person: Option<String>,
}

/// Counts, for its person, how often it has done its step.
async fn wait_for_event(wait: Wait, cx: Context) -> Result<String, ToolError> {
    let store = Store::of(&cx, "steps")?;
    let step: u64 = cx.step("count", async { Ok(store.add(&wait.key).await?) }).await?;
    if let Some(message) = &wait.message {
        cx.progress_with(0.0, 1.0, message).await;
    }
    let limit = Duration::from_secs_f64(wait.seconds);
    let mut heard = Vec::new();
    for key in [Some(&wait.key), wait.then.as_ref()].into_iter().flatten() {
        heard.push(cx.wait_for::<String>(key, limit).await?.unwrap_or_else(|| "nothing".to_owned()));
    }
    let steps: Vec<(u64, String)> = store.list().await?;
    let steps: Vec<&u64> = steps.iter().filter(|(_, key)| *key == wait.key).map(|(id, _)| id).collect();
    let is_remembered = steps.first() == Some(&&step);
    Ok(format!("{} after {} steps ({is_remembered})", heard.join(" and "), steps.len()))
}

async fn deliver_event(delivery: Delivery, cx: Context) -> Result<&'static str, ToolError> {
    match delivery.person {
        None => deliver(cx.env(), &delivery.key, &delivery.text).await?,
        Some(person) => deliver_to(cx.env(), &Subject::new(&person)?, &delivery.key, &delivery.text).await?,
    }
    Ok("Delivered.")
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .tool(
            Tool::new("wait_for_event", "Waits for an event from outside.", wait_for_event)
                .title("Wait for event")
                .additive()
                .long_running(),
        )
        .tool(Tool::new("deliver_event", "Delivers an event.", deliver_event).title("Deliver event").additive())
}
