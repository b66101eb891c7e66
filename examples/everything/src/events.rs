//! Events from outside: webhooks of several kinds, schedules and a queue, and what they have seen.

use std::hint::black_box;

use mcp_connector::worker::{Env, QueueContentType, RawMessageBuilder, js_sys};
use mcp_connector::{
    Change, Connector, Context, EventContext, Json, Store, Subject, Tool, ToolError, Webhook, WebhookRequest,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an event asks for.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Event {
    Note { text: String },
    Announce { uri: String, person: Option<Subject> },
    Deliver { key: String, text: String, person: Option<Subject> },
    Fail,
    Panic,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Seen {
    /// How it came.
    by: String,
    /// What it said.
    text: String,
    /// The id of its delivery.
    id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct All {
    /// All that was seen.
    seen: Vec<Seen>,
}

#[derive(Deserialize, JsonSchema)]
struct Message {
    /// The message, as JSON.
    message: String,
}

async fn carry_out(event: Event, by: &str, id: Option<String>, cx: &EventContext) -> Result<(), ToolError> {
    match event {
        Event::Note { text } => {
            store(cx.env())?.add(&Seen { by: by.to_owned(), text, id }).await?;
        }
        Event::Announce { uri, person: None } => cx.announce(Change::resource(uri)).await,
        Event::Announce { uri, person: Some(person) } => cx.announce_to(&person, Change::resource(uri)).await,
        Event::Deliver { key, text, person: None } => cx.deliver(&key, &text).await?,
        Event::Deliver { key, text, person: Some(person) } => cx.deliver_to(&person, &key, &text).await?,
        Event::Fail => return Err(ToolError::new("It fails on purpose.")),
        #[allow(clippy::unwrap_used, reason = "it ends the instance on purpose")]
        Event::Panic => black_box(None::<()>).unwrap(),
    }
    Ok(())
}

fn store(env: &Env) -> Result<Store, ToolError> {
    Ok(Store::named(env, "events", "seen")?)
}

async fn on_webhook(request: WebhookRequest, cx: EventContext) -> Result<(), ToolError> {
    carry_out(request.json()?, "webhook", request.id().map(str::to_owned), &cx).await
}

async fn on_schedule(cx: EventContext) -> Result<(), ToolError> {
    carry_out(Event::Note { text: "each minute".to_owned() }, "cron", None, &cx).await
}

async fn on_failing_schedule(cx: EventContext) -> Result<(), ToolError> {
    carry_out(Event::Fail, "cron", None, &cx).await
}

async fn on_panicking_schedule(cx: EventContext) -> Result<(), ToolError> {
    carry_out(Event::Panic, "cron", None, &cx).await
}

async fn on_message(event: Event, cx: EventContext) -> Result<(), ToolError> {
    carry_out(event, "queue", None, &cx).await
}

async fn events_seen(cx: Context) -> Result<Json<All>, ToolError> {
    let seen: Vec<(u64, Seen)> = store(cx.env())?.list().await?;
    Ok(Json(All { seen: seen.into_iter().map(|(_, seen)| seen).collect() }))
}

async fn send_message(args: Message, cx: Context) -> Result<&'static str, ToolError> {
    let message: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&args.message)?;
    let message: std::collections::BTreeMap<String, String> =
        message.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect();
    let text = serde_json::to_string(&message)?;
    // As an object of JavaScript, as any other sender has it.
    let object = js_sys::JSON::parse(&text).map_err(|_| ToolError::new("No JSON."))?;
    let message = RawMessageBuilder::new(object).build_with_content_type(QueueContentType::Json);
    cx.env().queue("JOBS")?.send_raw(message).await?;
    Ok("Sent.")
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .webhook("/hooks/github", Webhook::github("HOOK_SECRET"), on_webhook)
        .webhook("/hooks/slack", Webhook::slack("HOOK_SECRET"), on_webhook)
        .webhook("/hooks/unset", Webhook::stripe("UNSET_SECRET"), on_webhook)
        .cron("* * * * *", on_schedule)
        .cron("0 0 1 1 *", on_failing_schedule)
        .cron("0 0 2 1 *", on_panicking_schedule)
        .queue("jobs", on_message)
        .tool(Tool::new("events_seen", "Say which events were seen.", events_seen).title("Events seen").read_only())
        .tool(Tool::new("send_message", "Send a message to the queue.", send_message).title("Send message").additive())
}
