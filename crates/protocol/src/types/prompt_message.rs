//! The messages of a prompt (`PromptMessage`).

use serde::Serialize;

use crate::types::content_block::ContentBlock;
use crate::types::role::Role;
use crate::types::version::ProtocolVersion;

/// A message of a prompt: who says it, and one block of content (`PromptMessage`).
///
/// # Examples
///
/// ```
/// use mcp_connector::{Context, PromptMessage, ToolError};
///
/// async fn translate(_cx: Context) -> Result<[PromptMessage; 3], ToolError> {
///     Ok([
///         PromptMessage::user("Translate what I write into German: Good morning!"),
///         PromptMessage::assistant("Guten Morgen!"),
///         PromptMessage::user("How are you?"),
///     ])
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PromptMessage {
    role: Role,
    content: ContentBlock,
}

impl PromptMessage {
    /// Creates a message of the person.
    #[must_use]
    pub fn user(content: impl Into<ContentBlock>) -> Self {
        Self { role: Role::User, content: content.into() }
    }

    /// Creates a message of the model.
    #[must_use]
    pub fn assistant(content: impl Into<ContentBlock>) -> Self {
        Self { role: Role::Assistant, content: content.into() }
    }

    /// Returns the message in a form that `version` has.
    pub(crate) fn known_to(&self, version: ProtocolVersion) -> Self {
        Self { role: self.role, content: self.content.known_to(version).into_owned() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_has_a_role_and_one_block() {
        let messages = [PromptMessage::user("a"), PromptMessage::assistant(ContentBlock::text("b"))];
        assert_eq!(
            json!(messages),
            json!([
                {"role": "user", "content": {"type": "text", "text": "a"}},
                {"role": "assistant", "content": {"type": "text", "text": "b"}},
            ])
        );
    }
}
