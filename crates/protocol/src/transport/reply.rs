//! The answer to a POST.

use std::pin::Pin;

use crate::json_rpc::request_id::RequestId;
use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::streams::event_stream::EventSource;
use crate::subscriptions::listening::Listening;
use crate::transport::response::Response;
use crate::transport::session::SessionId;

/// The answer to a POST.
pub enum Reply {
    /// 202 without a body: there was nothing to answer, or the client does not want it any more.
    Accepted,
    /// One JSON body.
    Json {
        /// The HTTP status.
        status: u16,
        /// The session that begins, for the header `Mcp-Session-Id`.
        session: Option<SessionId>,
        /// The JSON.
        body: Vec<u8>,
    },
    /// Status 200 and Server-Sent Events.
    Events(Events),
    /// A stream of changes, for the edge to hold.
    Listen(Box<Listening>),
}

/// The chunks of an event stream.
pub type Events = Pin<Box<dyn EventSource>>;

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        if response.body.is_empty() {
            return Self::Accepted;
        }
        Self::Json { status: response.status, session: response.session, body: response.body }
    }
}

impl Reply {
    /// Returns the refusal of a body as a whole: a JSON-RPC error without an id.
    pub(crate) fn refusal(status: u16, code: ErrorCode, message: impl Into<String>) -> Self {
        Response::error(None, &RpcError::new(code, message), status).into()
    }

    /// Returns a JSON-RPC error for a request that was refused before its body was read.
    #[must_use]
    pub fn refused_unread(status: u16, message: &str) -> Self {
        Self::refusal(status, ErrorCode::InvalidRequest, message)
    }

    /// Returns the internal error that answers the request `id`.
    #[must_use]
    pub fn internal_error(id: &RequestId, status: u16, message: &str) -> Self {
        Response::error(Some(id), &RpcError::internal(message), status).into()
    }
}
