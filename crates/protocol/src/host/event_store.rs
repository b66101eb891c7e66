//! The events of streams that a client may come back to, or that another isolate holds ("Resumability and Redelivery").

use std::future::Future;

use crate::host::sessions::SessionError;
use crate::streams::event::{Delivery, Event};
use crate::transport::session::SessionId;
use mcp_connector_base::identifier::Subject;

/// The events of streams in legacy sessions. `owner` is the person whose session it is.
pub trait EventStore {
    /// Keeps events of a stream whose client may come back for them.
    ///
    /// # Errors
    ///
    /// Returns [`SessionError::Gone`] if the session has ended or belongs to somebody else, [`SessionError::TooMany`]
    /// if clients without a sign-in hold too much already, and [`SessionError::Unavailable`] if storage does not
    /// answer.
    fn keep_events(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        stream: &str,
        events: &[Event],
        delivery: Delivery,
    ) -> impl Future<Output = Result<(), SessionError>>;

    /// Sends a message on the one stream of a session of 2024-11-05, which another isolate may hold. The handshake also brings
    /// what was `agreed` on, for the requests that follow.
    ///
    /// # Errors
    ///
    /// As [`keep_events`](Self::keep_events).
    fn send(
        &self,
        session: &SessionId,
        owner: Option<&Subject>,
        message: Vec<u8>,
        agreed: Option<[u8; 2]>,
    ) -> impl Future<Output = Result<(), SessionError>>;
}
