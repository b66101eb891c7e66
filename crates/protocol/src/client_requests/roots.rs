//! Asking which folders the client works in ("Roots"). Deprecated since 2026-07-28, and few clients offer it.

use serde_json::{Value, json};

use crate::author::tool_result::ToolError;
use crate::call::context::Context;
use crate::client_requests::question::Question;
use crate::transport::host::Host;
use crate::types::client_capabilities::ClientCapability;

/// A folder or file that the client works with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Its URI, `file:` in practice. A stranger's text.
    pub uri: String,
    /// What a person calls it.
    pub name: Option<String>,
}

impl<H: Host> Context<H> {
    /// Asks the client for its roots. Leaves the handler by `?` like [`Context::elicit`].
    pub async fn list_roots(&self, key: &str) -> Result<Vec<Root>, ToolError> {
        let question = Question { method: "roots/list", params: json!({}), needs: ClientCapability::Roots };
        let answer = self.ask(key, question).await?;
        let roots = answer.get("roots").and_then(Value::as_array);
        roots
            .and_then(|roots| roots.iter().map(read).collect())
            .ok_or_else(|| self.unfit("The answer to `roots/list` needs `roots`, each with a `uri`."))
    }
}

fn read(root: &Value) -> Option<Root> {
    let name = root.get("name").and_then(Value::as_str).map(str::to_owned);
    Some(Root { uri: root.get("uri")?.as_str()?.to_owned(), name })
}
