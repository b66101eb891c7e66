//! A JSON document of an identity provider.

use serde_json::Value;

use mcp_connector_base::json;
use mcp_connector_base::json::limit::MemoryLimit;

use crate::login::provider::error::LoginError;

/// Maximum size of an answer of a provider, in bytes.
pub const MAX_RESPONSE: usize = 64 * 1024;

/// What a provider sends as JSON.
#[derive(Clone, Debug)]
pub struct ProviderResponse(pub(crate) Value);

impl ProviderResponse {
    /// Reads it.
    pub fn read(answer: &[u8]) -> Result<Self, LoginError> {
        let object = json::read_object(answer, MemoryLimit::of_text(MAX_RESPONSE));
        object.map(|object| Self(object.into())).map_err(|_| LoginError::InvalidResponse("not a JSON object"))
    }

    /// A member that is a text.
    #[must_use]
    pub fn text(&self, member: &str) -> Option<&str> {
        self.0.get(member)?.as_str()
    }

    /// A member that is a text or a list of texts.
    pub(crate) fn texts(&self, member: &str) -> Vec<&str> {
        match self.0.get(member) {
            Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect(),
            other => other.and_then(Value::as_str).into_iter().collect(),
        }
    }
}
