//! What a session remembers of the resources that its client subscribed to (until 2025-11-25: "Subscriptions" of resources).

use serde_json::Value;
use thiserror::Error;

use crate::author::registry::Registry;
use crate::author::uri_template::Uri;
use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::methods::resources::Found;
use crate::subscriptions::hub::Watched;
use crate::transport::host::Unavailable;
use crate::transport::session::SessionId;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// A session begins or ends to hear of a resource.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The session.
    pub session: SessionId,
    /// The resource.
    pub watched: Watched,
    /// Whether it begins.
    pub begins: bool,
}

/// Why nothing was remembered.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NotWatched {
    /// The session belongs to somebody else.
    #[error("There is no such session. Begin one with `initialize`.")]
    NotYours,
    /// There is no room.
    #[error("Too many subscriptions. End one and try again.")]
    TooMany,
    /// Storage did not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Watch {
    pub(crate) fn parse<H: 'static>(
        begins: bool,
        params: &Object,
        session: Option<SessionId>,
        registry: &Registry<H>,
        version: ProtocolVersion,
    ) -> Result<Self, RpcError> {
        let uri = params.get("uri").and_then(Value::as_str).and_then(|uri| Uri::parse(uri).ok());
        let uri = uri.ok_or_else(|| RpcError::invalid_params("`uri` must be the URI of a resource."))?;
        let session = session.ok_or_else(|| {
            RpcError::invalid_params(
                "Send the header Mcp-Session-Id that `initialize` gave: it is the session that hears.",
            )
        })?;
        let found = Found::at(&uri, registry).ok_or_else(|| RpcError::resource_not_found(uri.as_str(), version))?;
        Ok(Self { session, watched: Watched::new(&uri, found.required()), begins })
    }
}

impl NotWatched {
    /// Of the answer, when this is all of it. A session that is somebody else's is not there.
    pub(crate) const fn http_status(self) -> u16 {
        match self {
            Self::NotYours => 404,
            Self::TooMany | Self::Unavailable(_) => 200,
        }
    }

    pub(crate) fn into_rpc_error(self) -> RpcError {
        match self {
            Self::NotYours => RpcError::new(ErrorCode::InvalidRequest, self.to_string()),
            Self::TooMany => RpcError::invalid_params(self.to_string()),
            Self::Unavailable(error) => RpcError::internal(format!("Not done: {error}.")),
        }
    }
}
