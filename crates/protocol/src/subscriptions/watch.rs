//! What a session remembers of the resources that its client subscribed to (until 2025-11-25: "Subscriptions" of resources).

use thiserror::Error;

use crate::host::unavailable::Unavailable;
use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::subscriptions::interest::Watched;
use crate::transport::session::SessionId;

/// A change of what a session receives: it subscribes to a resource or unsubscribes.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The session.
    pub session: SessionId,
    /// The resource.
    pub watched: Watched,
    /// What the session does.
    pub change: WatchChange,
}

/// What a session does with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchChange {
    /// It subscribes.
    Begin,
    /// It unsubscribes.
    End,
}

/// Why a subscription was not changed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum WatchError {
    /// The session belongs to somebody else.
    #[error("There is no such session. Begin one with `initialize`.")]
    NotYours,
    /// There is no room.
    #[error("Too many subscriptions. End one and try again.")]
    TooMany,
    /// Storage does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl WatchError {
    /// Returns the status of the HTTP answer, if the error is all of it. A session of somebody else counts as not found.
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
