//! Sessions, until 2025-11-25: what a session remembers, and messages to a call that runs in it, maybe in another isolate
//! ("Session Management").
//!
//! `owner` is the person whose session it is, or `None` without a sign-in. Nobody else gets anything from it.

use std::future::Future;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::host::unavailable::Unavailable;
use crate::json_rpc::client_response::ClientResponse;
use crate::json_rpc::request_id::RequestId;
use crate::transport::session::SessionId;
use crate::types::logging_level::LoggingLevel;
use mcp_connector_base::identifier::Subject;

/// The sessions of legacy clients.
pub trait Sessions {
    /// Returns the lowest log level that the client of a session asked for, or `None` if it never did.
    ///
    /// # Errors
    ///
    /// Returns [`SessionError::Gone`] if the session has ended or belongs to somebody else, [`SessionError::TooMany`]
    /// if clients without a sign-in hold too much already, and [`SessionError::Unavailable`] if storage does not
    /// answer.
    fn log_level(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
    ) -> impl Future<Output = Result<Option<LoggingLevel>, SessionError>>;

    /// Remembers the level for [`log_level`](Self::log_level).
    ///
    /// # Errors
    ///
    /// As [`log_level`](Self::log_level).
    fn set_log_level(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        level: LoggingLevel,
    ) -> impl Future<Output = Result<(), SessionError>>;

    /// Waits for the client's response to the request `id` that was sent in `session`. It arrives in another request, maybe in
    /// another isolate, and [`respond`](Self::respond) brings it here.
    ///
    /// # Errors
    ///
    /// As [`log_level`](Self::log_level).
    fn client_response(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        id: &str,
    ) -> impl Future<Output = Result<ClientResponse, SessionError>>;

    /// Brings a client's response to the call that waits for it. A response that no call waits for is dropped.
    ///
    /// # Errors
    ///
    /// As [`log_level`](Self::log_level).
    fn respond(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        id: &str,
        response: &ClientResponse,
    ) -> impl Future<Output = Result<(), SessionError>>;

    /// Waits until the request `id` of `session` is to stop, or its client comes back to its `stream` elsewhere. Where nobody can
    /// tell, that is never.
    fn stop(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        id: &RequestId,
        stream: Option<&str>,
    ) -> impl Future<Output = Stop>;

    /// Tells the request `id` that its client has cancelled it. A cancellation that comes a moment before
    /// [`stop`](Self::stop) waits for it; one that no call waits for is dropped.
    ///
    /// # Errors
    ///
    /// As [`log_level`](Self::log_level).
    fn cancel(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        id: &RequestId,
    ) -> impl Future<Output = Result<(), SessionError>>;
}

/// Why a running request must stop or leave its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stop {
    /// Its client does not want it any more.
    Cancelled,
    /// The session in which it was sent is over.
    SessionEnded,
    /// Its client reads its stream elsewhere from now on. The request goes on, and what it sends is kept for that stream.
    Resumed,
}

/// Why a session cannot be used.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SessionError {
    /// Its storage does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// Clients that have not signed in hold too much already, here or in all.
    #[error("too many clients without a sign-in; sign in, or try again later")]
    TooMany,
    /// It has ended, or it belongs to somebody else, who need not know that it exists.
    #[error("there is no such session; begin one with `initialize`")]
    Gone,
}
