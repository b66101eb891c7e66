//! JSON-RPC errors that leave this server ("Error Codes").

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::types::client_capabilities::ClientCapability;
use crate::types::version::{Era, ProtocolVersion};

/// A JSON-RPC error: the end of a call that has no result ("Error Codes"). It never repeats what the client sent.
///
/// A handler ends a call with one by [`ToolError::protocol`](crate::author::tools::tool_error::ToolError::protocol). That is rarely
/// right: the model reads a [`ToolError::new`](crate::author::tools::tool_error::ToolError::new), and does not see a JSON-RPC error.
///
/// # Examples
///
/// ```
/// use mcp_connector::RpcError;
///
/// let error = RpcError::invalid_params("`cursor` is not one that this tool returned.");
/// assert_eq!(error.message(), "`cursor` is not one that this tool returned.");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RpcError {
    code: ErrorCode,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

/// The error codes that this server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    Parse,
    InvalidRequest,
    MethodNotFound,
    InvalidParams,
    Internal,
    /// Legacy only; 2026-07-28 says -32602.
    LegacyResourceNotFound,
    /// Modern only.
    HeaderMismatch,
    /// Modern only.
    MissingRequiredClientCapability,
    /// Modern only.
    UnsupportedProtocolVersion,
}

impl ErrorCode {
    pub(crate) const fn number(self) -> i32 {
        match self {
            Self::Parse => -32700,
            Self::InvalidRequest => -32600,
            Self::MethodNotFound => -32601,
            Self::InvalidParams => -32602,
            Self::Internal => -32603,
            Self::LegacyResourceNotFound => -32002,
            Self::HeaderMismatch => -32020,
            Self::MissingRequiredClientCapability => -32021,
            Self::UnsupportedProtocolVersion => -32022,
        }
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(self.number())
    }
}

impl RpcError {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    pub(crate) fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// Creates the error for wrong arguments (-32602). `message` says which argument is wrong and why.
    #[must_use]
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidParams, message)
    }

    /// Creates the error for a failure of the server (-32603). `message` must hold nothing internal.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Internal, message)
    }

    /// Creates the error for a client without `capability`, which the call needs (-32021; 2026-07-28 only).
    pub(crate) fn missing_client_capability(capability: ClientCapability) -> Self {
        Self::new(
            ErrorCode::MissingRequiredClientCapability,
            format!("This call needs the client capability `{}`.", capability.name()),
        )
        .with_data(json!({ "requiredCapabilities": capability.required() }))
    }

    /// Creates the error for a `uri` that no resource has. Revisions before 2026-07-28 have a code of their own for it.
    pub(crate) fn resource_not_found(uri: &str, version: ProtocolVersion) -> Self {
        let code = match version.era() {
            Era::Legacy => ErrorCode::LegacyResourceNotFound,
            Era::Modern => ErrorCode::InvalidParams,
        };
        // The specification asks for the URI. It was checked to be one, and is not long.
        Self::new(code, "There is no such resource.").with_data(json!({ "uri": uri }))
    }

    pub(crate) fn code(&self) -> ErrorCode {
        self.code
    }

    /// Returns the text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the status of the HTTP answer if this error is all of it.
    ///
    /// 2026-07-28 fixes a status for each refusal; earlier revisions answer what a handler says with 200.
    pub(crate) fn http_status(&self, era: Era) -> u16 {
        match (self.code, era) {
            (ErrorCode::MethodNotFound, Era::Modern) => 404,
            (
                ErrorCode::Parse
                | ErrorCode::InvalidRequest
                | ErrorCode::HeaderMismatch
                | ErrorCode::MissingRequiredClientCapability
                | ErrorCode::UnsupportedProtocolVersion,
                _,
            ) => 400,
            (
                ErrorCode::MethodNotFound
                | ErrorCode::InvalidParams
                | ErrorCode::Internal
                | ErrorCode::LegacyResourceNotFound,
                _,
            ) => 200,
        }
    }
}
