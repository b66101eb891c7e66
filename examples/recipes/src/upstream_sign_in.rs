//! A service that a tool uses in the name of each person: they connect their account there once, and the connector keeps their token.

use mcp_connector::{Connector, Context, HttpClient, Json, Scope, Tool, ToolError, Upstream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const ISSUES: Scope = Scope::new("issues", "Read your issues on GitHub");

#[derive(Deserialize)]
struct User {
    login: String,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Issue {
    /// What it is about.
    title: String,
    /// Its page.
    html_url: String,
}

#[derive(Serialize, JsonSchema)]
struct Issues {
    /// The issues, the newest first.
    issues: Vec<Issue>,
}

async fn my_issues(cx: Context) -> Result<Json<Issues>, ToolError> {
    let github = cx.upstream("github").await?;
    let issues = github.get("https://api.github.com/issues").query(&[("per_page", "20")]).json().await?;
    Ok(Json(Issues { issues }))
}

async fn login(github: HttpClient) -> Result<String, ToolError> {
    let user: User = github.get("https://api.github.com/user").json().await?;
    Ok(user.login)
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    let (authorize, token) =
        ("https://github.com/login/oauth/authorize", "https://github.com/login/oauth/access_token");
    let github = Upstream::oauth("github", authorize, token)
        .title("GitHub")
        .scopes(["repo"])
        .client("GITHUB_ID", "GITHUB_SECRET")
        .hosts(["api.github.com"])
        .account(login);
    let tool = Tool::new("my_issues", "Lists the open issues that are assigned to the person.", my_issues);
    connector.upstream(github).tool(tool.title("My issues").scope(ISSUES).read_only())
}
