//! Calling the tools of another MCP server.

use mcp_connector::{Connector, Context, HttpClient, HttpResponse, Scope, Tool, ToolError, Upstream};
use serde::Deserialize;
use serde_json::{Value, json};

/// The revision with which most servers can be called.
const REVISION: &str = "2025-06-18";

const ELSEWHERE: Scope = Scope::new("elsewhere", "Use your account at the other server");

/// Another MCP server, with which the session was begun ("Lifecycle").
struct Server {
    http: HttpClient,
    url: String,
    session: Option<String>,
}

#[derive(Deserialize)]
struct Response {
    result: Option<CallResult>,
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct CallResult {
    content: Vec<Content>,
    #[serde(default, rename = "isError")]
    is_error: bool,
}

/// A part of a result, as far as it is text.
#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Failure {
    message: String,
}

impl Server {
    async fn connect(http: HttpClient, cx: &Context) -> Result<Self, ToolError> {
        let mut server = Self { http, url: cx.env().var("OTHER_MCP")?.to_string(), session: None };
        let client = json!({ "name": "recipes", "version": env!("CARGO_PKG_VERSION") });
        let params = json!({ "protocolVersion": REVISION, "capabilities": {}, "clientInfo": client });
        let answer =
            server.post(&json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params })).await?;
        server.session = answer.header("mcp-session-id");
        answer.bytes().await?;
        server.post(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await?;
        Ok(server)
    }

    /// Calls a tool, and returns the text of its result.
    async fn call(&self, tool: &str, arguments: Value) -> Result<String, ToolError> {
        let params = json!({ "name": tool, "arguments": arguments });
        let answer = self.post(&json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params })).await?;
        let is_stream = answer.header("content-type").is_some_and(|value| value.starts_with("text/event-stream"));
        let text = answer.text().await?;
        // The last event of a stream is the response.
        let last = text.lines().rev().find_map(|line| line.strip_prefix("data:")).filter(|_| is_stream);
        let response: Response = serde_json::from_str(last.unwrap_or(&text))?;
        let failed = |text: &str| ToolError::new(format!("The other server says: {text}"));
        match response {
            Response { error: Some(error), .. } => Err(failed(&error.message)),
            Response { result: Some(result), .. } => {
                let text = result.content.into_iter().map(|part| part.text).collect::<Vec<_>>().join("\n");
                if result.is_error { Err(failed(&text)) } else { Ok(text) }
            }
            Response { .. } => Err(failed("nothing")),
        }
    }

    async fn post(&self, message: &Value) -> Result<HttpResponse, ToolError> {
        let request = self.http.post(&self.url).timeout_seconds(60);
        let request = request.header("accept", "application/json, text/event-stream");
        let request = request.header("mcp-protocol-version", REVISION).body_json(message);
        let request = match &self.session {
            Some(session) => request.header("mcp-session-id", session),
            None => request,
        };
        Ok(request.send().await?.error_for_status().await?)
    }
}

/// A tool that the other server has for everybody.
async fn greet_elsewhere(name: String, cx: Context) -> Result<String, ToolError> {
    Server::connect(cx.http(), &cx).await?.call("hello", json!({ "name": name })).await
}

/// A tool for which each person signs in at the other server, once.
async fn cards_elsewhere(cx: Context) -> Result<String, ToolError> {
    Server::connect(cx.upstream("other").await?, &cx).await?.call("draw_card", json!({})).await
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    let (authorize, token) = ("https://other-mcp.example/authorize", "https://other-mcp.example/token");
    let other = Upstream::oauth("other", authorize, token)
        .title("The other server")
        .scopes(["cards"])
        .client("OTHER_ID", "OTHER_SECRET")
        .parameter("resource", "https://other-mcp.example/mcp")
        .hosts(["other-mcp.example"]);
    let greet = Tool::new("greet_elsewhere", "Have another server greet somebody.", greet_elsewhere);
    let cards = Tool::new("cards_elsewhere", "Draw a card at another server.", cards_elsewhere);
    connector
        .hosts(["other-mcp.example"])
        .upstream(other)
        .tool(greet.argument("name", "Whom to greet.").title("Greet elsewhere").read_only())
        .tool(cards.title("Draw elsewhere").scope(ELSEWHERE).read_only())
}
