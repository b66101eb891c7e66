//! Accounts of people at upstream services: one of each kind, and a tool that sends a request with such an account.

use mcp_connector::{Connector, Context, HttpClient, Scope, Tool, ToolError, Upstream};
use schemars::JsonSchema;
use serde::Deserialize;

const ELSEWHERE: Scope = Scope::new("elsewhere", "Use your accounts elsewhere");

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// The name of the upstream service.
    upstream: String,
    /// Where the request goes.
    url: String,
}

#[derive(Deserialize)]
struct Me {
    login: String,
}

async fn ask_upstream(args: Request, cx: Context) -> Result<String, ToolError> {
    let client = cx.upstream(&args.upstream).await?;
    Ok(client.get(&args.url).text().await?)
}

async fn tell_upstream(args: Request, cx: Context) -> Result<String, ToolError> {
    let client = cx.upstream(&args.upstream).await?;
    Ok(client.post(&args.url).form(&[("said", "hello")]).text().await?)
}

async fn login(client: HttpClient) -> Result<String, ToolError> {
    let me: Me = client.get("https://api.plain.example/me").json().await?;
    Ok(me.login)
}

async fn check_key(acme: HttpClient) -> Result<String, ToolError> {
    let me: Me = acme.get("https://api.acme.example/me").json().await?;
    Ok(me.login)
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    let plain = Upstream::oauth("plain", "https://login.plain.example/authorize", "https://login.plain.example/token")
        .title("Plain")
        .scopes(["read", "write"])
        .client("UPSTREAM_ID", "UPSTREAM_SECRET")
        .revocation("https://login.plain.example/revoke")
        .issuer("https://login.plain.example")
        .account(login)
        .hosts(["api.plain.example"]);
    let id = Upstream::oidc("id", "https://id.example")
        .title("Example ID")
        .scopes(["profile", "email"])
        .client("UPSTREAM_ID", "UPSTREAM_SECRET")
        .hosts(["id.example"]);
    let acme = Upstream::api_key("acme", "Your Acme key", check_key).title("Acme").hosts(["api.acme.example"]);
    connector
        .sign_in([ELSEWHERE])
        .upstream(plain)
        .upstream(id)
        .upstream(acme)
        .tool(
            Tool::new("ask_upstream", "Sends a GET request with an account elsewhere.", ask_upstream)
                .title("Ask upstream")
                .scope(ELSEWHERE)
                .read_only(),
        )
        .tool(
            Tool::new("tell_upstream", "Sends a POST request with an account elsewhere.", tell_upstream)
                .title("Tell upstream")
                .scope(ELSEWHERE)
                .additive(),
        )
}
