//! A POST body that is JSON-RPC, parsed once: before the caller is authorized and before anything is carried out.

use std::rc::Rc;

use serde_json::Value;

use crate::author::registry::Registry;
use crate::author::tools::call_tool_result::CallToolResult;
use crate::author::visibility::visible::Visible;
use crate::host::bundle::Host;
use crate::json_rpc::body::Unreadable;
use crate::json_rpc::client_response::ClientResponse;
use crate::json_rpc::message::Malformed;
use crate::json_rpc::request_id::RequestId;
use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::json_rpc::{body, message};
use crate::methods::client_notification::ClientNotification;
use crate::methods::client_request::ClientRequest;
use crate::methods::need::Need;
use crate::transport::reply::Reply;
use crate::transport::request_meta::RequestMeta;
use crate::transport::response::Response;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::json::limit::MemoryLimit;

/// A POST body that is JSON-RPC.
pub struct Posted<H> {
    body: Body<H>,
    registry: Rc<Registry<H>>,
}

/// The messages of a POST body.
#[allow(
    clippy::large_enum_variant,
    reason = "there is one for each request, and a box would be an allocation; on wasm32 it is not large"
)]
pub(crate) enum Body<H> {
    Single(Result<ClientMessage<H>, Malformed>),
    /// An array of messages; only revision 2025-03-26 knows it.
    Batch(Vec<Result<ClientMessage<H>, Malformed>>),
}

/// A message from a client.
#[allow(clippy::large_enum_variant, reason = "most are requests; on wasm32 it is not large")]
pub(crate) enum ClientMessage<H> {
    Request(Request<H>),
    Notification {
        meta: RequestMeta,
        notification: ClientNotification,
    },
    /// The answer to a request of the server.
    Response(RequestId, ClientResponse),
}

/// A request, parsed into the type of its method.
pub(crate) struct Request<H> {
    pub(crate) id: RequestId,
    pub(crate) meta: RequestMeta,
    pub(crate) call: ClientRequest<H>,
}

impl<H: Host> ClientMessage<H> {
    fn parse(message: message::Message, visible: Visible<'_, H>) -> Self {
        match message {
            message::Message::Request(message::Request { id, method, mut params }) => {
                let meta = RequestMeta::take(&mut params);
                Self::Request(Request { id, meta, call: ClientRequest::parse(&method, params, visible) })
            }
            message::Message::Notification(message::Notification { method, mut params }) => {
                let meta = RequestMeta::take(&mut params);
                Self::Notification { meta, notification: ClientNotification::parse(&method, params) }
            }
            message::Message::Response(id, response) => Self::Response(id, response),
        }
    }
}

impl<H: Host> Posted<H> {
    /// Parses a whole body.
    ///
    /// `most_bytes` is the size limit of the body. The limit of the memory for its values follows from it. What the messages name
    /// is looked up as `caller` sees it, who is `None` without a valid token.
    ///
    /// # Errors
    ///
    /// Returns the reply to a body that is not JSON, that needs too much memory, or that is a batch without messages or
    /// with too many. A malformed message is no such error: it gets its own answer.
    pub fn read(
        body: &[u8],
        most_bytes: u32,
        registry: &Rc<Registry<H>>,
        caller: Option<&Caller>,
    ) -> Result<Self, Reply> {
        let limit = MemoryLimit::of_text(usize::try_from(most_bytes).unwrap_or(usize::MAX));
        let body = body::Body::read(body, limit).map_err(|unreadable| {
            let text = unreadable.to_string();
            let (status, code, id) = match unreadable {
                Unreadable::TooMuch { id, .. } => (413, ErrorCode::InvalidRequest, id),
                Unreadable::NotJson { id, .. } => (400, ErrorCode::Parse, id),
                Unreadable::EmptyBatch | Unreadable::LongBatch => (400, ErrorCode::InvalidRequest, None),
            };
            Reply::from(Response::error(id.as_ref(), &RpcError::new(code, text), status))
        })?;
        let parse = |message: Result<message::Message, Malformed>| {
            message.map(|message| ClientMessage::parse(message, registry.visible_to(caller)))
        };
        let body = match body {
            body::Body::Single(message) => Body::Single(parse(message)),
            body::Body::Batch(messages) => Body::Batch(messages.into_iter().map(parse).collect()),
        };
        Ok(Self { body, registry: Rc::clone(registry) })
    }

    /// Returns what the caller must have: everything that any request in the body needs.
    #[must_use]
    pub fn need(&self) -> Need {
        self.requests().map(|request| request.call.need(&self.registry)).fold(Need::Nothing, Need::and)
    }

    /// Returns whether the sign-in of the caller is looked up for a request in it, so that a revocation holds at once.
    #[must_use]
    pub fn checks_revocation(&self) -> bool {
        self.requests().any(|request| request.call.checks_revocation())
    }

    /// Returns whether it holds a request, which wants an answer of its own.
    #[must_use]
    pub fn is_request(&self) -> bool {
        self.requests().next().is_some()
    }

    /// Returns how many messages are in it: more than one in a batch only. A response or a notification can cost as much as a request.
    #[must_use]
    pub const fn message_count(&self) -> usize {
        match &self.body {
            Body::Single(_) => 1,
            Body::Batch(messages) => messages.len(),
        }
    }

    /// Returns the refusal of a protected tool in the form that ChatGPT's tool-level linking reads: a result with the challenge
    /// in `_meta`. `None` where the body is not a single tool call.
    #[must_use]
    pub fn challenge_as_result(&self, challenge: &str, text: &str) -> Option<Reply> {
        let Body::Single(Ok(ClientMessage::Request(request))) = &self.body else { return None };
        if !matches!(request.call, ClientRequest::CallTool(_)) {
            return None;
        }
        let version = match request.meta.protocol_version() {
            Some(_) => ProtocolVersion::V2026_07_28,
            None => ProtocolVersion::NEWEST_LEGACY,
        };
        let challenges = Value::Array(vec![Value::String(challenge.to_owned())]);
        let result = CallToolResult::failed(text).meta("mcp/www_authenticate", challenges);
        let response = Response::result(&request.id, version, &self.registry.server_info, result.known_to(version));
        Some(response.into())
    }

    pub(crate) fn body(&self) -> &Body<H> {
        &self.body
    }

    pub(crate) fn into_body(self) -> Body<H> {
        self.body
    }

    pub(crate) fn requests(&self) -> impl Iterator<Item = &Request<H>> {
        let messages = match &self.body {
            Body::Single(message) => std::slice::from_ref(message),
            Body::Batch(messages) => messages,
        };
        messages.iter().filter_map(|message| match message {
            Ok(ClientMessage::Request(request)) => Some(request),
            Ok(ClientMessage::Notification { .. } | ClientMessage::Response(..)) | Err(_) => None,
        })
    }
}
