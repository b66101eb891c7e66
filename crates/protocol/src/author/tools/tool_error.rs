//! How a handler fails ("Error Handling").
//!
//! A failure of the work itself is a result with `isError`, so that the model reads it and can do better. Only a mistake in the
//! protocol becomes a JSON-RPC error.

use std::error::Error;
use std::fmt::Write as _;

use crate::author::tools::call_tool_result::CallToolResult;
use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::types::version::ProtocolVersion;

/// Why a handler did not return a result ("Error Handling").
///
/// Every error becomes a `ToolError` by `?`; its text, with its causes, is what the model reads. So `ToolError` itself does not
/// implement [`std::error::Error`].
///
/// A tool that fails answers with a result whose `isError` is true. Prompts, resources and completion have no such result:
/// there the client gets a JSON-RPC error with the same text.
///
/// # Examples
///
/// ```
/// use mcp_connector::ToolError;
///
/// async fn double(number: String) -> Result<String, ToolError> {
///     let number: i64 = number.trim().parse()?;
///     let doubled = number.checked_mul(2).ok_or_else(|| ToolError::new("The number is too large. Send a smaller one."))?;
///     Ok(doubled.to_string())
/// }
/// ```
#[derive(Debug)]
pub struct ToolError(Failure);

#[derive(Debug)]
enum Failure {
    /// The work failed: a result with `isError`.
    Work(String),
    /// The arguments passed the schema, and still were not what the handler takes.
    Arguments(String),
    /// The protocol was not kept: a JSON-RPC error.
    Protocol(RpcError),
    /// A question is open; the client answers it with its next try.
    InputRequired,
    /// The call continues as a task.
    AsTask,
    /// The task waits for an event.
    Waiting,
}

/// Why a call ends without its result.
#[derive(Debug, PartialEq)]
pub(crate) enum Unfinished {
    /// With an error.
    Error(RpcError),
    /// With questions, which wait in the state of the call.
    InputRequired,
    /// To continue as a task.
    AsTask,
    /// To wait, in a task, for an event that is in the state of the call.
    Waiting,
}

impl From<RpcError> for Unfinished {
    fn from(error: RpcError) -> Self {
        Self::Error(error)
    }
}

impl ToolError {
    /// Creates an error with a text for the model: what was wrong, and what would work.
    ///
    /// The text goes to the client as it is. It must hold nothing internal.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self(Failure::Work(message.into()))
    }

    /// Creates an error that ends the call with a JSON-RPC error instead of a result. Rarely right: the model does not see it.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{RpcError, ToolError};
    ///
    /// let error = ToolError::protocol(RpcError::invalid_params("`cursor` is not one that this tool returned."));
    /// ```
    #[must_use]
    pub fn protocol(error: RpcError) -> Self {
        Self(Failure::Protocol(error))
    }

    /// Returns the text for the model. A question that is open has none.
    #[doc(hidden)]
    #[must_use]
    pub fn message(&self) -> &str {
        self.outcome().unwrap_or_default()
    }

    /// Creates an error about the arguments. `message` must not repeat them.
    pub(crate) fn arguments(message: impl Into<String>) -> Self {
        Self(Failure::Arguments(message.into()))
    }

    /// Leaves the handler because a question is open.
    pub(crate) fn input_required() -> Self {
        Self(Failure::InputRequired)
    }

    /// Leaves the handler because the call continues as a task.
    pub(crate) fn as_task() -> Self {
        Self(Failure::AsTask)
    }

    /// Leaves the handler of a task because it waits for an event.
    pub(crate) fn waiting() -> Self {
        Self(Failure::Waiting)
    }

    /// Returns the end of a request that has no result for failed work: resources, prompts and completion.
    pub(crate) fn unfinished(self, version: ProtocolVersion) -> Unfinished {
        Unfinished::Error(match self.0 {
            Failure::InputRequired => return Unfinished::InputRequired,
            Failure::AsTask => return Unfinished::AsTask,
            Failure::Waiting => return Unfinished::Waiting,
            Failure::Work(text) => RpcError::internal(text),
            Failure::Arguments(text) => RpcError::invalid_params(text),
            // Earlier revisions do not have the code.
            Failure::Protocol(error) if is_missing_capability(&error) && !version.is_modern() => {
                RpcError::internal(error.message())
            }
            Failure::Protocol(error) => error,
        })
    }

    /// Returns the text, for the log of an event that no client has caused.
    #[must_use]
    #[doc(hidden)]
    pub fn text(&self) -> &str {
        self.outcome().unwrap_or("the handler asked a client, and there is none")
    }

    /// Returns the text of the error, or how the call ends without one.
    pub(crate) fn outcome(&self) -> Result<&str, Unfinished> {
        match &self.0 {
            Failure::InputRequired => Err(Unfinished::InputRequired),
            Failure::AsTask => Err(Unfinished::AsTask),
            Failure::Waiting => Err(Unfinished::Waiting),
            Failure::Work(text) | Failure::Arguments(text) => Ok(text),
            Failure::Protocol(error) => Ok(error.message()),
        }
    }

    /// Returns the result or the error that goes to a client of `version`.
    pub(crate) fn into_answer(self, version: ProtocolVersion) -> Result<CallToolResult, Unfinished> {
        match self.0 {
            Failure::InputRequired => Err(Unfinished::InputRequired),
            Failure::AsTask => Err(Unfinished::AsTask),
            Failure::Waiting => Err(Unfinished::Waiting),
            Failure::Work(text) | Failure::Arguments(text) => Ok(CallToolResult::failed(text)),
            // Earlier revisions do not have the code, and a client that knows it would take the server for a modern one.
            Failure::Protocol(error) if is_missing_capability(&error) && !version.is_modern() => {
                Ok(CallToolResult::failed(error.message()))
            }
            Failure::Protocol(error) => Err(error.into()),
        }
    }
}

fn is_missing_capability(error: &RpcError) -> bool {
    error.code() == ErrorCode::MissingRequiredClientCapability
}

impl<E: Error> From<E> for ToolError {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let _ = write!(text, ": {error}");
            cause = error.source();
        }
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::types::client_capabilities::ClientCapability;
    use crate::types::result::tests::to_value;

    #[derive(Debug, thiserror::Error)]
    #[error("the shelf is empty")]
    struct Outer(#[source] std::fmt::Error);

    #[test]
    fn the_text_of_an_error_has_its_causes() {
        let answer = ToolError::from(Outer(std::fmt::Error)).into_answer(ProtocolVersion::V2025_11_25).unwrap();
        let text = "the shelf is empty: an error occurred when formatting an argument";
        assert_eq!(
            to_value(answer.known_to(ProtocolVersion::V2025_11_25)),
            json!({"content": [{"type": "text", "text": text}], "isError": true})
        );
    }

    #[test]
    fn a_modern_error_code_does_not_leave_on_a_legacy_answer() {
        let missing = || ToolError::protocol(RpcError::missing_client_capability(ClientCapability::Sampling));
        assert!(missing().into_answer(ProtocolVersion::V2025_11_25).unwrap().is_error());
        assert!(missing().into_answer(ProtocolVersion::V2026_07_28).is_err());
    }
}
