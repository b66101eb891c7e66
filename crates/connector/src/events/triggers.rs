//! Schedules and queues: from the event of the runtime to the handlers of the connector.

use worker::wasm_bindgen::JsValue;
use worker::{Env, console_error, js_sys};

use mcp_connector_protocol::EventContext;

use crate::app::state::app;
use crate::platform::{instance, js};

/// Runs the handlers of the schedule that has begun an event. The runtime records a failure.
pub(crate) async fn scheduled(event: JsValue, env: Env) -> Result<(), JsValue> {
    instance::ready();
    let app = app(&env).map_err(|error| failure(&error.to_string()))?;
    let cron = js::get(&event, "cron")?.as_string().unwrap_or_default();
    match app.endpoint.registry.events().run_schedule(&cron, EventContext::new(app.host(&env))).await {
        Some(Ok(())) => Ok(()),
        Some(Err(error)) => Err(failure(&format!("cron {cron}: {}", error.text()))),
        None => Err(failure(&format!(
            "no handler for the schedule {cron}: the connector does not say .cron(\"{cron}\", …)"
        ))),
    }
}

/// Runs the handler of a queue with each message of a batch. A message whose handler fails comes again, and the others do not.
pub(crate) async fn queue(batch: JsValue, env: Env) -> Result<(), JsValue> {
    instance::ready();
    let app = app(&env).map_err(|error| failure(&error.to_string()))?;
    let queue = js::get(&batch, "queue")?.as_string().unwrap_or_default();
    let messages: js_sys::Array = js::get(&batch, "messages")?.into();
    for message in messages.iter() {
        let body = js_sys::JSON::stringify(&js::get(&message, "body")?).ok().and_then(|text| text.as_string());
        let cx = EventContext::new(app.host(&env));
        let done = app.endpoint.registry.events().run_message(&queue, body.unwrap_or_default(), cx).await;
        let settled = match done {
            Some(Ok(())) => "ack",
            Some(Err(error)) => {
                console_error!("queue {queue}: {}", error.text());
                "retry"
            }
            None => {
                let text =
                    format!("no handler for the queue {queue}: the connector does not say .queue(\"{queue}\", …)");
                return Err(failure(&text));
            }
        };
        js::call(&message, settled, &[])?;
    }
    Ok(())
}

/// Returns an error for the runtime, which writes it to the log.
fn failure(text: &str) -> JsValue {
    js_sys::Error::new(text).into()
}
