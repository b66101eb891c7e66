//! Events of another service: GitHub says that somebody has pushed, and the clients that listen hear of it.

use mcp_connector::{Change, Connector, Context, EventContext, Resource, ToolError, Webhook, WebhookRequest};
use serde::Deserialize;

const COMMIT: &str = "repository://latest-commit";

/// What GitHub sends of a push, as far as we use it.
#[derive(Deserialize)]
struct Push {
    head_commit: Option<Commit>,
}

#[derive(Deserialize)]
struct Commit {
    message: String,
}

async fn on_github(request: WebhookRequest, cx: EventContext) -> Result<(), ToolError> {
    if request.header("x-github-event") != Some("push") {
        return Ok(());
    }
    if let Push { head_commit: Some(commit) } = request.json()? {
        cx.kv("BOARD")?.put("latest-commit", &commit.message).await?;
        cx.announce(Change::resource(COMMIT)).await;
    }
    Ok(())
}

async fn latest_commit(cx: Context) -> Result<String, ToolError> {
    let commit = cx.kv("BOARD")?.get("latest-commit").await?;
    Ok(commit.unwrap_or_else(|| "Nobody has pushed yet.".to_owned()))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .webhook("/hooks/github", Webhook::github("GITHUB_WEBHOOK_SECRET"), on_github)
        .resource(Resource::new(COMMIT, "latest-commit", "The latest commit.", latest_commit).title("Latest commit"))
}
