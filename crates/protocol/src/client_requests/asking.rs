//! The ways in which a question reaches the client of a call.

use crate::client_requests::multi_round_trip::MultiRoundTrip;
use crate::transport::session::SessionId;

/// How a call asks its client.
pub(crate) enum Asking {
    /// Not at all: the specification has no questions in this request, or the client has no session to answer in.
    Nobody,
    /// Only after a sign-in: the answer needs a session to reach its question, and this session stores nothing.
    SignedIn,
    /// With its result; the answers come with the next try.
    MultiRoundTrip(MultiRoundTrip),
    /// On the stream of the call; the answer comes with another POST of the session.
    Stream(SessionId),
}
