//! Server-Sent Events: the stream of a request, and what becomes of it when its client leaves.

pub(crate) mod event;
pub(crate) mod event_stream;
pub(crate) mod recent_events;
pub(crate) mod replays;
pub(crate) mod resumable;
pub(crate) mod running_streams;
pub(crate) mod sse_event;
