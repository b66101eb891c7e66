//! A JSON response of an identity provider.

use serde_json::Value;

use mcp_connector_base::json;
use mcp_connector_base::json::limit::MemoryLimit;

use crate::login::provider::error::LoginError;

/// Maximum size of a response, in bytes.
pub const MAX_RESPONSE: usize = 64 * 1024;

/// A JSON object from a provider.
#[derive(Clone, Debug)]
pub struct ProviderResponse(pub(crate) Value);

impl ProviderResponse {
    /// Parses a response.
    ///
    /// # Errors
    ///
    /// Returns [`LoginError::InvalidResponse`] if it is not a JSON object, or needs too much memory.
    pub fn read(answer: &[u8]) -> Result<Self, LoginError> {
        let object = json::read_object(answer, MemoryLimit::of_text(MAX_RESPONSE));
        object.map(|object| Self(object.into())).map_err(|_| LoginError::InvalidResponse("not a JSON object"))
    }

    /// Returns a member that is a string.
    #[must_use]
    pub fn text(&self, member: &str) -> Option<&str> {
        self.0.get(member)?.as_str()
    }

    /// Returns a member.
    pub(crate) fn member(&self, member: &str) -> Option<&Value> {
        self.0.get(member)
    }

    /// Returns a member that is a string or a list of strings.
    pub(crate) fn texts(&self, member: &str) -> Vec<&str> {
        match self.0.get(member) {
            Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect(),
            other => other.and_then(Value::as_str).into_iter().collect(),
        }
    }
}
