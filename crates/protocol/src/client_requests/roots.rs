//! Asking which folders the client works in ("Roots"). Deprecated since 2026-07-28, and few clients offer it.

use serde_json::{Value, json};

use crate::author::tools::tool_error::ToolError;
use crate::call::context::Context;
use crate::client_requests::question::Question;
use crate::host::bundle::Host;
use crate::types::client_capabilities::ClientCapability;

/// A folder or a file that the client works in ("Roots"). Deprecated since 2026-07-28, and few clients offer it.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Context, ToolError};
///
/// async fn folders(cx: Context) -> Result<String, ToolError> {
///     let roots = cx.list_roots("roots").await?;
///     Ok(roots.iter().map(|root| root.name.as_deref().unwrap_or(&root.uri)).collect::<Vec<_>>().join(", "))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The URI, `file:` in practice. It comes from the client: check it as any other input.
    pub uri: String,
    /// The name that the person gave it.
    pub name: Option<String>,
}

impl<H: Host> Context<H> {
    /// Asks the client for its roots. `key` names the question among those of the handler, as in [`Context::elicit`].
    ///
    /// # Errors
    ///
    /// Leaves the handler where the client has no roots, and, with clients of 2026-07-28, until the answer is there.
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
