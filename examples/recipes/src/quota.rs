//! A quota for each person and tool, in D1.

use mcp_connector::{Call, CallOutcome, Connector, Context, Next, Scope, Tool, ToolError};

const CARDS: Scope = Scope::new("cards", "Draw cards for you");

/// How often a person may call a tool on a day.
const DAILY: [(&str, u32); 1] = [("draw_card", 3)];

async fn quota(call: Call, next: Next) -> Result<CallOutcome, ToolError> {
    let Some((tool, most)) = DAILY.into_iter().find(|(tool, _)| *tool == call.name()) else {
        return Ok(next.run().await);
    };
    let (db, person) = (call.cx().d1("DB")?, call.cx().subject()?.as_str());
    // One statement, so that two calls at once do not both take the last one.
    let take = "INSERT INTO quota VALUES (?1, ?2, date(), 1)
        ON CONFLICT DO UPDATE SET calls = calls + 1 WHERE calls < ?3 RETURNING calls";
    let taken: Option<u32> = db.first(take, (person, tool, most)).await?;
    if taken.is_none() {
        return Err(ToolError::new(format!("{tool} can be called {most} times a day. Try again tomorrow (UTC).")));
    }
    let outcome = next.run().await;
    if outcome.continues() {
        // It comes again, with an answer or in the background, and counts once.
        let give_back = "UPDATE quota SET calls = calls - 1 WHERE person = ?1 AND tool = ?2 AND day = date()";
        db.execute(give_back, (person, tool)).await?;
    }
    Ok(outcome)
}

async fn draw_card(_cx: Context) -> Result<&'static str, ToolError> {
    Ok("The seven of clubs.")
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .around(quota)
        .sign_in([CARDS])
        .tool(Tool::new("draw_card", "Draw a card.", draw_card).title("Draw card").scope(CARDS).read_only())
}
