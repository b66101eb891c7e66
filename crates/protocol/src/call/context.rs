//! The context of a handler: who is calling, the bindings of the Worker, and the way back to the client.

use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;

use crate::author::tools::tool_error::ToolError;
use crate::call::call_state::{CallState, LogFilter};
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::RpcError;
use crate::types::client_capabilities::ClientCapability;
use crate::types::logging_level::LoggingLevel;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::Subject;

/// The context of a handler: who is calling, the bindings of the Worker, and the way back to the client.
///
/// A handler takes it as its last parameter. A clone refers to the same call.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Context, LoggingLevel, ToolError};
///
/// async fn greeting(cx: Context) -> Result<String, ToolError> {
///     let greeting = cx.env().var("GREETING")?.to_string();
///     cx.log(LoggingLevel::Debug, "The greeting was read.").await;
///     Ok(format!("{greeting}, {}!", cx.subject()?))
/// }
/// ```
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

    /// Continues as a task, in a tool with [`Tool::asks_first`](crate::author::tools::tool::Tool::asks_first) ("Tasks").
    ///
    /// The client gets its task, and the handler runs again from its beginning in the background, with the answers so far. In
    /// the task, and for a client that does not take tasks, this does nothing.
    ///
    /// # Errors
    ///
    /// Leaves the handler by `?` where the task begins.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mcp_connector::{Connector, Context, Tool, ToolError};
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize, JsonSchema)]
    /// struct Confirmation {
    ///     /// Start it
    ///     sure: bool,
    /// }
    ///
    /// async fn backup(cx: Context) -> Result<&'static str, ToolError> {
    ///     let Confirmation { sure } = cx.elicit("confirm", "Back up everything? It takes an hour.").await?;
    ///     if !sure {
    ///         return Ok("Nothing was done.");
    ///     }
    ///     cx.continue_as_task()?;
    ///     cx.sleep(Duration::from_secs(3600)).await;
    ///     Ok("Everything is backed up.")
    /// }
    ///
    /// let tool = Tool::new("backup", "Back up everything.", backup).title("Back up").additive().asks_first();
    /// # let _ = Connector::new("a", "1").tool(tool);
    /// ```
    pub fn continue_as_task(&self) -> Result<(), ToolError> {
        if self.may_continue_as_task { Err(ToolError::as_task()) } else { Ok(()) }
    }

    /// Returns the bindings, variables and secrets of the Worker.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Context, ToolError};
    ///
    /// async fn visits(cx: Context) -> Result<String, ToolError> {
    ///     let counters = cx.env().kv("COUNTERS")?;
    ///     Ok(counters.get("visits").text().await?.unwrap_or_else(|| "0".to_owned()))
    /// }
    /// ```
    #[must_use]
    pub fn env(&self) -> &H::Env {
        self.host.env()
    }

    /// Returns who is calling, or `None` if the feature is public and the client sent no token.
    #[must_use]
    pub fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    /// Returns the person on whose behalf the call is made.
    ///
    /// # Errors
    ///
    /// Fails if nobody has signed in, which happens only in a feature without a scope.
    pub fn subject(&self) -> Result<&Subject, ToolError> {
        self.caller
            .as_ref()
            .map(|caller| &caller.subject)
            .ok_or_else(|| ToolError::new("This needs a sign-in, and the tool does not ask for one."))
    }

    /// Returns the revision of the protocol that the client uses.
    #[must_use]
    pub fn protocol_version(&self) -> ProtocolVersion {
        self.call_state.version
    }

    /// Requires a capability of the client.
    ///
    /// # Errors
    ///
    /// Leaves the handler by `?` if the client does not have it. A client of 2026-07-28 gets the error -32021, which names the
    /// capability.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{ClientCapability, Context, ToolError};
    ///
    /// async fn import(cx: Context) -> Result<&'static str, ToolError> {
    ///     // Before any work: a client that cannot be asked later should not begin.
    ///     cx.require(ClientCapability::Elicitation)?;
    ///     Ok("Imported.")
    /// }
    /// ```
    pub fn require(&self, capability: ClientCapability) -> Result<(), ToolError> {
        if self.can(capability) {
            return Ok(());
        }
        Err(ToolError::protocol(RpcError::missing_client_capability(capability)))
    }

    /// Returns whether the client has a capability. A client of a revision before 2026-07-28 declares it when its session
    /// begins.
    #[must_use]
    pub fn can(&self, capability: ClientCapability) -> bool {
        self.call_state.client_capabilities.has(capability)
    }

    /// Returns the place in which the call runs. Authors use what their own context offers of it.
    #[doc(hidden)]
    #[must_use]
    pub fn host(&self) -> &H {
        &self.host
    }

    pub(crate) fn call_state(&self) -> &CallState {
        &self.call_state
    }

    /// Waits for `duration`.
    pub async fn sleep(&self, duration: Duration) {
        self.host.sleep(duration).await;
    }

    /// Reports progress to the client, if it asked for it: `progress` of `total`, in any unit ("Progress").
    ///
    /// `progress` must grow; a report that does not is not sent. Of the reports and log messages of a call, a hundred are sent at once
    /// and then twenty a second; what is more is skipped.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Context, ToolError};
    ///
    /// async fn count(cx: Context) -> Result<&'static str, ToolError> {
    ///     for number in 1..=10 {
    ///         cx.progress(f64::from(number), 10.0).await;
    ///     }
    ///     Ok("Counted to ten.")
    /// }
    /// ```
    pub async fn progress(&self, progress: f64, total: f64) {
        self.call_state.progress(&self.host, progress, Some(total), None).await;
    }

    /// Like [`Context::progress`], with a message for the person. In a task it is the status message.
    pub async fn progress_with(&self, progress: f64, total: f64, message: &str) {
        self.call_state.progress(&self.host, progress, Some(total), Some(message)).await;
    }

    /// Sends a log message to the client, if it wants messages of this level ("Logging"). It must not contain secrets.
    /// [`Context::progress`] says how many are sent.
    pub async fn log(&self, level: LoggingLevel, data: impl Serialize) {
        self.log_from(level, None, data).await;
    }

    /// Like [`Context::log`], with the name of a logger.
    pub async fn log_as(&self, logger: &str, level: LoggingLevel, data: impl Serialize) {
        self.log_from(level, Some(logger), data).await;
    }

    /// Closes the stream of this call, so that it holds no connection while it works ("Resumability and Redelivery").
    ///
    /// The client resumes the stream for what is sent from now on, the result included. Only clients of 2025-11-25 can; for
    /// others this does nothing.
    pub async fn close_stream(&self) {
        self.call_state.close_stream().await;
    }

    async fn log_from(&self, level: LoggingLevel, logger: Option<&str>, data: impl Serialize) {
        if !self.call_state.is_open() || !self.wants(level).await {
            return;
        }
        if let Ok(data) = serde_json::to_value(&data) {
            self.call_state.log(&self.host, level, logger, &data).await;
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
