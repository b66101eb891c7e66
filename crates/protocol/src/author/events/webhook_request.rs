//! What a webhook has sent, after its signature was checked.

use serde::de::DeserializeOwned;

use crate::author::tools::tool_error::ToolError;

/// What a webhook has sent. Its signature is valid.
///
/// # Examples
///
/// ```
/// use mcp_connector::{EventContext, ToolError, WebhookRequest};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Push {
///     r#ref: String,
/// }
///
/// async fn pushed(request: WebhookRequest, _cx: EventContext) -> Result<(), ToolError> {
///     if request.header("x-github-event") == Some("push") {
///         let Push { r#ref } = request.json()?;
///         mcp_connector::worker::console_log!("pushed to {}", r#ref);
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct WebhookRequest {
    body: Vec<u8>,
    headers: Vec<(String, String)>,
    id: Option<String>,
}

impl WebhookRequest {
    /// Creates a request whose signature was checked. The names of `headers` are in lower case.
    #[must_use]
    #[doc(hidden)]
    pub const fn new(body: Vec<u8>, headers: Vec<(String, String)>, id: Option<String>) -> Self {
        Self { body, headers, id }
    }

    /// Returns the body as it was sent.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    ///
    /// Fails where the body is no JSON, or does not have the form of a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ToolError> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// Returns a header, by its name in lower case. The value is part of what was signed only where the sender's scheme says so.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the id of the delivery, if the sender signs one: `webhook-id`, or for GitHub one that is made of the signature of the
    /// body. A sender repeats a delivery that it believes lost with the same id, and a handler that must not act twice remembers it.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}
