//! What a function around calls gets.

use std::ops::Deref;

use crate::author::context::Context;
use crate::host::Workers;

/// The call of the protocol, on Workers.
type ProtocolCall = mcp_connector_protocol::Call<Workers>;

/// A call of a tool, a reading of a resource or a prompt, as a function given to [`Connector::around`] sees it.
///
/// ```
/// use mcp_connector::{Call, CallOutcome, Next, ToolError};
///
/// async fn sign_in_to_write(call: Call, next: Next) -> Result<CallOutcome, ToolError> {
///     if call.caller().is_none() && !call.is_read_only() {
///         return Err(ToolError::new("Sign in to change anything."));
///     }
///     Ok(next.run().await)
/// }
/// ```
///
/// [`Connector::around`]: crate::Connector::around
#[derive(Clone)]
pub struct Call {
    call: ProtocolCall,
    cx: Context,
}

impl Call {
    /// Returns the context of the call, which is that of its handler: the bindings of the Worker, the stores of the caller, and
    /// the way back to the client.
    #[must_use]
    pub fn cx(&self) -> &Context {
        &self.cx
    }
}

impl Deref for Call {
    type Target = ProtocolCall;

    fn deref(&self) -> &ProtocolCall {
        &self.call
    }
}

impl From<ProtocolCall> for Call {
    fn from(call: ProtocolCall) -> Self {
        Self { cx: call.cx().clone().into(), call }
    }
}
