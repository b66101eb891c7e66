//! What a handler knows about the call it serves, and what it can do meanwhile.

use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;

use crate::author::tool_error::ToolError;
use crate::call::call_state::{CallState, LogFilter};
use crate::json_rpc::rpc_error::RpcError;
use crate::transport::host::Host;
use crate::types::client_capabilities::ClientCapability;
use crate::types::logging_level::LoggingLevel;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::Subject;

/// The call a handler serves: who is calling, its surroundings, and the way back to the client.
#[derive(Clone)]
pub struct Context<H> {
    host: H,
    caller: Option<Caller>,
    call_state: Rc<CallState>,
    may_continue_as_task: bool,
}

impl<H: Host> Context<H> {
    pub(crate) fn new(host: H, caller: Option<Caller>, call_state: Rc<CallState>) -> Self {
        Self { host, caller, call_state, may_continue_as_task: false }
    }

    pub(crate) fn able_to_continue_as_task(self) -> Self {
        Self { may_continue_as_task: true, ..self }
    }

    /// Goes on as a task from here, in a tool that is [`Tool::asks_first`](crate::author::tool::Tool::asks_first): leaves the handler by
    /// `?`, the client gets its task, and the handler runs again from its beginning with the answers so far, in the
    /// background. Does nothing in a task, and where the client does not take one.
    pub fn continue_as_task(&self) -> Result<(), ToolError> {
        if self.may_continue_as_task { Err(ToolError::as_task()) } else { Ok(()) }
    }

    /// Bindings, variables and secrets.
    #[must_use]
    pub fn env(&self) -> &H::Env {
        self.host.env()
    }

    /// Who is calling; none where the tool is public and the client sent no token.
    #[must_use]
    pub fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    /// The person on whose behalf the call is made. Fails only in a public tool.
    pub fn subject(&self) -> Result<&Subject, ToolError> {
        self.caller
            .as_ref()
            .map(|caller| &caller.subject)
            .ok_or_else(|| ToolError::new("This needs a sign-in, and the tool does not ask for one."))
    }

    /// The revision that the client speaks.
    #[must_use]
    pub fn protocol_version(&self) -> ProtocolVersion {
        self.call_state.version
    }

    /// Leaves the handler by `?` where the client did not say that it can do this.
    pub fn require(&self, capability: ClientCapability) -> Result<(), ToolError> {
        if self.can(capability) {
            return Ok(());
        }
        Err(ToolError::protocol(RpcError::missing_client_capability(capability)))
    }

    /// Whether the client said that it can do this. One of an older revision says it when its session begins.
    #[must_use]
    pub fn can(&self, capability: ClientCapability) -> bool {
        self.call_state.client_capabilities.has(capability)
    }

    pub(crate) fn host(&self) -> &H {
        &self.host
    }

    pub(crate) fn call_state(&self) -> &CallState {
        &self.call_state
    }

    /// Waits.
    pub async fn sleep(&self, duration: Duration) {
        self.host.sleep(duration).await;
    }

    /// Tells the client how far the work is, if it asked: `progress` of `total`, in any unit, always growing.
    pub async fn progress(&self, progress: f64, total: f64) {
        self.call_state.progress(progress, Some(total), None).await;
    }

    /// Like [`Context::progress`], with words for the person. In a task they are its status message.
    pub async fn progress_with(&self, progress: f64, total: f64, message: &str) {
        self.call_state.progress(progress, Some(total), Some(message)).await;
    }

    /// Sends a log message to the client, if it wants messages of this level. Never put secrets in it.
    pub async fn log(&self, level: LoggingLevel, data: impl Serialize) {
        self.log_from(level, None, data).await;
    }

    /// Like [`Context::log`], with the name of the part that speaks.
    pub async fn log_as(&self, logger: &str, level: LoggingLevel, data: impl Serialize) {
        self.log_from(level, Some(logger), data).await;
    }

    /// Ends the stream of this call, so that no connection is held while it works; the client comes back for what is sent
    /// from now on, the answer included. Where a client cannot come back, nothing happens. Only clients of 2025-11-25 can.
    pub async fn close_stream(&self) {
        self.call_state.close_stream().await;
    }

    async fn log_from(&self, level: LoggingLevel, logger: Option<&str>, data: impl Serialize) {
        if !self.call_state.is_open() || !self.wants(level).await {
            return;
        }
        if let Ok(data) = serde_json::to_value(&data) {
            self.call_state.log(level, logger, &data).await;
        }
    }

    /// Whether the client wants messages of this level.
    async fn wants(&self, level: LoggingLevel) -> bool {
        match &self.call_state.log_filter {
            LogFilter::Nothing => false,
            LogFilter::AtLeast(least) => level >= *least,
            LogFilter::OfSession(session) => {
                match self.host.log_level(session, self.caller.as_ref().map(|caller| &caller.subject)).await {
                    Ok(least) => level >= least.unwrap_or(LoggingLevel::UNASKED),
                    // A log line is not worth a failed call.
                    Err(_) => false,
                }
            }
        }
    }
}
