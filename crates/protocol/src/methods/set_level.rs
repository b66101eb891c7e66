//! `logging/setLevel`: which log messages a session wants, until 2025-11-25 ("Logging").

use serde_json::Value;

use crate::author::registry::Registry;
use crate::author::tools::tool_error::Unfinished;
use crate::author::visibility::visible::Visible;
use crate::host::bundle::Host;
use crate::host::sessions::SessionError;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::method::Method;
use crate::methods::operation::Operation;
use crate::methods::request_context::RequestContext;
use crate::transport::response::Response;
use crate::transport::session::{Session, SessionId, no_such_session};
use crate::types::logging_level::LoggingLevel;
use crate::types::result::EmptyResult;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The parameters of `logging/setLevel`.
pub(crate) struct SetLevelRequestParams {
    /// `None` if it is none of the eight levels.
    level: Option<LoggingLevel>,
}

impl<H: Host> Method<H> for SetLevelRequestParams {
    const NAME: &'static str = "logging/setLevel";

    fn parse(params: Object, _: Visible<'_, H>) -> Self {
        Self { level: params.get("level").and_then(Value::as_str).and_then(LoggingLevel::parse) }
    }

    fn is_served(_: &Registry<H>, version: ProtocolVersion) -> bool {
        !version.is_modern()
    }

    fn admit(self, admission: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        let level =
            self.level.ok_or_else(|| RpcError::invalid_params("`level` must be one of the eight log levels."))?;
        match admission.session {
            Session::Stateful(session) => {
                let session = session.clone();
                Ok(Operation::request(async move |request| run(&session, level, &request).await))
            }
            // Many clients set a level unasked and give up where that fails. Theirs stays the default.
            Session::Stateless(_) => Ok(Operation::request(async |request| Ok(request.result(EmptyResult {})))),
            Session::Unnamed => Err(RpcError::invalid_params(
                "Send the header Mcp-Session-Id that `initialize` gave: the level is kept for that session.",
            )),
        }
    }
}

/// Remembers the level in the session.
async fn run<H: Host>(
    session: &SessionId,
    level: LoggingLevel,
    request: &RequestContext<H>,
) -> Result<Response, Unfinished> {
    match request.host.set_log_level(session, request.subject(), level).await {
        Ok(()) => Ok(request.result(EmptyResult {})),
        Err(SessionError::Gone) => Ok(Response::error(Some(&request.id), &no_such_session(), 404)),
        Err(error) => Err(RpcError::internal(format!("Not done: {error}.")).into()),
    }
}
