//! The sender or the recipient of a message in a conversation ("Role").

use serde::Serialize;

/// The person or the model, as the sender of a message or the audience of content.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Annotations, ContentBlock, Role};
///
/// let for_the_person = ContentBlock::text("Saved.").annotations(Annotations::new().audience(Role::User));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
}
