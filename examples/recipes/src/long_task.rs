//! Work that takes minutes, or waits for a person over lunch.

use std::time::Duration;

use mcp_connector::{ClientCapability, Connector, Context, Scope, Store, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const LETTERS: Scope = Scope::new("letters", "Send letters for you");

#[derive(Deserialize, JsonSchema)]
struct Letter {
    /// What to call the letter. Nobody gets a letter of the same name twice.
    name: String,
    /// Who gets it.
    recipients: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    /// Send it
    sure: bool,
}

/// Who has got a letter already.
#[derive(Serialize, Deserialize)]
struct Sent {
    letter: String,
    to: String,
}

async fn send_letter(letter: Letter, cx: Context) -> Result<String, ToolError> {
    // Ask before the first thing that cannot be undone. The person may take hours; nothing runs meanwhile.
    if letter.recipients.len() > 10 && cx.can(ClientCapability::Elicitation) {
        let question = format!("Send “{}” to {} people?", letter.name, letter.recipients.len());
        let Confirmation { sure } = cx.elicit("confirm", question).await?;
        if !sure {
            return Ok("Nobody got it.".to_owned());
        }
    }
    // The handler may begin again: look what an earlier run has done.
    let store = Store::of(&cx, "sent")?;
    let sent: Vec<(u64, Sent)> = store.list().await?;
    let has_it = |to: &String| sent.iter().any(|(_, sent)| sent.letter == letter.name && sent.to == *to);
    let before = letter.recipients.iter().filter(|to| has_it(to)).count();
    let total = u32::try_from(letter.recipients.len())?;
    for (done, to) in (1..=total).zip(&letter.recipients) {
        if !has_it(to) {
            deliver(to, &cx).await?;
            // Interrupted between these two lines, the letter goes out twice. Where that matters, give the other side a key
            // by which it knows a repetition.
            store.add(&Sent { letter: letter.name.clone(), to: to.clone() }).await?;
        }
        cx.progress_with(done.into(), total.into(), &format!("{done} of {total} sent")).await;
    }
    Ok(format!("“{}” went to {total} people; {before} had it before.", letter.name))
}

async fn deliver(_to: &str, cx: &Context) -> Result<(), ToolError> {
    cx.sleep(Duration::from_millis(300)).await;
    Ok(())
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector.tool(
        Tool::new("send_letter", "Send a letter to many people.", send_letter)
            .title("Send letter")
            .scope(LETTERS)
            .additive()
            .long_running(),
    )
}
