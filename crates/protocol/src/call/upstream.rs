//! A handler that needs the account of its person at an upstream service: the person is asked to connect it, as far as the client can
//! ask, and the call goes on ("URL Mode").

use std::time::Duration;

use crate::author::tools::tool_error::ToolError;
use crate::call::context::Context;
use crate::host::bundle::Host;
use crate::host::upstream_accounts::{ConnectHistory, ConnectRequest, UpstreamAccount};
use crate::types::client_capabilities::ClientCapability;

/// How long a call waits for a person who has agreed to connect their account. The time limit of the call is a little longer by
/// default.
const PATIENCE: Duration = Duration::from_mins(4);
/// How long one look waits.
const LOOK: Duration = Duration::from_secs(20);

impl<H: Host> Context<H> {
    /// Returns a client that sends the token of the person who is calling to an upstream service
    /// ([`Connector::upstream`](crate::author::connector::Connector::upstream)).
    ///
    /// If the person has not connected their account, a client that can show a URL is asked to, and the call goes on once they have.
    /// Every other client gets a result with the link for the person. As with each question, code before this may run several times.
    ///
    /// # Errors
    ///
    /// Leaves the handler where the account is not connected, where the person declines, if the service is not set up, and if it does
    /// not answer while the token is to be refreshed. Each error has a text for the model.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Context, ToolError};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct User {
    ///     login: String,
    /// }
    ///
    /// async fn whoami(cx: Context) -> Result<String, ToolError> {
    ///     let github = cx.upstream("github").await?;
    ///     let user: User = github.get("https://api.github.com/user").json().await?;
    ///     Ok(user.login)
    /// }
    /// ```
    pub async fn upstream(&self, name: &str) -> Result<H::UpstreamClient, ToolError> {
        let caller = self.caller().ok_or_else(|| {
            ToolError::new(
                "This needs a sign-in, because it uses your account elsewhere, and the tool does not ask for one.",
            )
        })?;
        let request = match self.host().upstream(name, caller, Duration::ZERO).await? {
            UpstreamAccount::Connected(client) => return Ok(client),
            UpstreamAccount::NotConnected(request) => request,
        };
        if !self.can(ClientCapability::UrlElicitation) || !self.can_be_asked() {
            return Err(ToolError::new(request.for_the_model()));
        }
        let key = format!("upstream {name}");
        let visit = self.elicit_visit(&key, request.for_the_person(), &request.url).await?;
        visit.result.accepted()?;
        let mut waited = Duration::ZERO;
        while waited < PATIENCE {
            match self.host().upstream(name, caller, LOOK).await? {
                UpstreamAccount::Connected(client) => {
                    if let Some(id) = visit.elicitation_id {
                        self.call_state().elicitation_complete(&id).await;
                    }
                    return Ok(client);
                }
                UpstreamAccount::NotConnected(_) => waited += LOOK,
            }
        }
        Err(ToolError::new(request.for_the_model()))
    }
}

impl ConnectRequest {
    /// Returns what the client shows the person.
    fn for_the_person(&self) -> String {
        match self.history {
            ConnectHistory::New => format!("Connect your {} account to go on.", self.title),
            ConnectHistory::Ended => {
                format!("{} has ended the connection. Connect your account again to go on.", self.title)
            }
        }
    }

    /// Returns what the model reads where the client cannot ask.
    fn for_the_model(&self) -> String {
        let Self { title, url, history } = self;
        let why = match history {
            ConnectHistory::New => "is not connected yet",
            ConnectHistory::Ended => "has to be connected again, because the connection has ended",
        };
        format!(
            "Nothing was done: the person’s {title} account {why}. Ask them to open {url} in their browser and to connect it there. \
             Then call this tool again."
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::author::connector::Connector;
    use crate::author::tools::tool::Tool;
    use crate::author::upstreams::upstream::Upstream;
    use crate::testing::test_client::{TestClient, caller};
    use crate::testing::test_host::TestHost;
    use mcp_connector_base::scope::Scope;

    const READ: Scope = Scope::new("read", "Read");

    async fn issues(cx: Context<TestHost>) -> Result<String, ToolError> {
        cx.upstream("github").await
    }

    fn client(connects_after: usize) -> TestClient {
        let github = Upstream::oauth("github", "https://a.example/a", "https://a.example/t");
        let github = github.client("ID", "SECRET").hosts(["api.a.example"]);
        let tool = Tool::new("issues", "Lists issues.", issues).title("Issues").read_only().scope(READ);
        let client = TestClient::of(Connector::new("a", "1").sign_in([READ]).upstream(github).tool(tool));
        client.host.state.connects_after.set(connects_after);
        client
    }

    fn call(client: &TestClient, capabilities: &Value, more: &Value) -> Value {
        let mut params = json!({"name": "issues", "arguments": {}});
        for (name, value) in more.as_object().unwrap() {
            params[name] = value.clone();
        }
        client.modern_with(capabilities, "tools/call", &params, Some(&caller("read")))["result"].clone()
    }

    fn text(result: &Value) -> &str {
        result["content"][0]["text"].as_str().unwrap()
    }

    #[test]
    fn a_connected_account_gives_its_client() {
        assert_eq!(text(&call(&client(0), &json!({}), &json!({}))), "the client of github");
    }

    #[test]
    fn a_client_that_shows_no_urls_gets_the_link_in_a_result() {
        let result = call(&client(1), &json!({"elicitation": {}}), &json!({}));
        assert_eq!(result["isError"], true);
        let link = "Ask them to open https://host.example/account/connect/github?for=x in their browser";
        assert!(text(&result).contains(link), "{result}");
    }

    #[test]
    fn a_client_that_shows_urls_is_asked_and_its_next_try_waits_for_the_person() {
        let client = client(3);
        let capabilities = json!({"elicitation": {"url": {}}});
        let first = call(&client, &capabilities, &json!({}));
        let question = &first["inputRequests"]["upstream github"];
        let params = json!({
            "mode": "url", "message": "Connect your GitHub account to go on.",
            "url": "https://host.example/account/connect/github?for=x",
        });
        assert_eq!((&question["method"], &question["params"]), (&json!("elicitation/create"), &params));
        let answers = |action: &str| {
            json!({
                "requestState": first["requestState"], "inputResponses": {"upstream github": {"action": action}},
            })
        };
        let declined = call(&client, &capabilities, &answers("decline"));
        assert!(text(&declined).starts_with("The person was asked and declined."), "{declined}");
        // One look of its own, and the second one finds the account.
        client.host.state.connects_after.set(2);
        assert_eq!(text(&call(&client, &capabilities, &answers("accept"))), "the client of github");
    }

    #[test]
    fn a_person_who_never_comes_back_ends_the_call_with_the_link() {
        let client = client(1);
        let capabilities = json!({"elicitation": {"url": {}}});
        let first = call(&client, &capabilities, &json!({}));
        client.host.state.connects_after.set(100);
        let more = json!({
            "requestState": first["requestState"], "inputResponses": {"upstream github": {"action": "accept"}},
        });
        assert!(text(&call(&client, &capabilities, &more)).contains("/account/connect/github?for=x"));
        assert_eq!(client.host.state.connects_after.get(), 100 - 1 - 12, "it has looked for four minutes");
    }

    #[test]
    fn a_connection_that_has_ended_is_said_to_have_ended() {
        let request = |history| ConnectRequest { title: "GitHub".into(), url: "https://a.example/".into(), history };
        for (history, person, model) in [
            (ConnectHistory::New, "Connect your GitHub account to go on.", "is not connected yet"),
            (ConnectHistory::Ended, "GitHub has ended the connection.", "has to be connected again"),
        ] {
            assert!(request(history).for_the_person().starts_with(person));
            assert!(request(history).for_the_model().contains(model));
        }
    }
}
