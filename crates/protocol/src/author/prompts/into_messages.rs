//! What the handler of a prompt may return.

use crate::types::prompt_message::PromptMessage;

/// A value that the handler of a prompt may return.
///
/// You should not have to implement this trait. It is implemented for:
///
/// - `String` and `&'static str`: one message of the person,
/// - [`PromptMessage`], `Vec<PromptMessage>` and arrays of them.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Context, Prompt, ToolError};
///
/// async fn daily(_cx: Context) -> Result<&'static str, ToolError> {
///     Ok("Plan my day. Ask me what is due first.")
/// }
///
/// let prompt = Prompt::new("daily", "Plan the day.", daily).title("Plan my day");
/// ```
#[diagnostic::on_unimplemented(
    message = "a prompt cannot return `{Self}`",
    label = "the handler of this prompt returns `{Self}`",
    note = "a handler returns `Result<T, ToolError>`, where `T` is a `String`, a `PromptMessage`, or an array or `Vec` of `PromptMessage`"
)]
pub trait IntoMessages {
    /// Converts the value into messages.
    fn into_messages(self) -> Vec<PromptMessage>;
}

impl IntoMessages for String {
    fn into_messages(self) -> Vec<PromptMessage> {
        vec![PromptMessage::user(self)]
    }
}

impl IntoMessages for &'static str {
    fn into_messages(self) -> Vec<PromptMessage> {
        vec![PromptMessage::user(self)]
    }
}

impl IntoMessages for PromptMessage {
    fn into_messages(self) -> Vec<PromptMessage> {
        vec![self]
    }
}

impl IntoMessages for Vec<PromptMessage> {
    fn into_messages(self) -> Vec<PromptMessage> {
        self
    }
}

impl<const N: usize> IntoMessages for [PromptMessage; N] {
    fn into_messages(self) -> Vec<PromptMessage> {
        self.into()
    }
}
