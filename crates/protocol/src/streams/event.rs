//! The events of a stream that a client may come back to ("Resumability and Redelivery", until 2025-11-25).
//!
//! The id of an event names its stream and its number, so a client that says which event it got last gets the rest of that stream
//! and no event of another.

use serde::{Deserialize, Serialize};

use crate::streams::sse_event::sse_event;
use mcp_connector_base::row::Row;

/// Whether the stream of some events was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// The whole stream was written. Whether the client has read it is unknown.
    Written,
    /// The connection is gone, and more events of the stream may follow.
    Lost,
}

/// The id of an event: `<stream>-<number>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventId {
    /// The name of the stream: 16 hexadecimal digits, unique over all sessions.
    pub stream: String,
    /// The number of the event in its stream. The event that opens the stream has number 0.
    pub number: u64,
}

impl EventId {
    /// Parses the header `Last-Event-ID`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (stream, number) = text.trim().split_once('-')?;
        let is_ours = stream.len() == 16 && stream.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_plain = !number.is_empty() && number.len() <= 15 && number.bytes().all(|byte| byte.is_ascii_digit());
        (is_ours && is_plain).then_some(Self { stream: stream.to_owned(), number: number.parse().ok()? })
    }

    /// Returns the name of a new stream. `bits` must be unguessable.
    pub(crate) fn new_stream(bits: u128) -> String {
        format!("{:016x}", bits >> 64)
    }
}

/// A message in a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its number.
    pub number: u64,
    /// The message; empty if it was too large to be kept.
    pub message: Vec<u8>,
    /// Whether it is the last of its stream.
    pub is_last: bool,
}

impl Row for Event {
    const VERSION: u8 = 1;
}

impl Event {
    /// Returns the bytes of the event, with its id.
    #[must_use]
    pub fn framed(&self, stream: &str) -> Vec<u8> {
        let mut framed = format!("id: {stream}-{}\n", self.number).into_bytes();
        framed.extend_from_slice(&sse_event(&self.message));
        framed
    }

    /// Returns the bytes of the event without an id, for a client that cannot resume the stream.
    #[must_use]
    pub fn without_id(&self) -> Vec<u8> {
        sse_event(&self.message)
    }
}

/// Returns the event that opens a resumable stream: an id before there is a message, and how long to wait before a reconnect.
pub(crate) fn priming(stream: &str) -> Vec<u8> {
    format!("id: {stream}-0\nretry: {RETRY_MILLISECONDS}\ndata:\n\n").into_bytes()
}

/// How long a client waits before it reconnects.
const RETRY_MILLISECONDS: u32 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_id_is_read_as_it_was_written() {
        let stream = EventId::new_stream(u128::MAX / 3);
        let id = EventId::parse(&format!(" {stream}-17 ")).unwrap();
        assert_eq!(id, EventId { stream, number: 17 });
        for text in [
            "",
            "17",
            "-17",
            "5555555555555555",
            "5555555555555555-",
            "5555555555555555--1",
            "5555555555555555-+1",
            "555555555555555g-1",
            "5555555555555555-1-1",
            "5555555555555555-1111111111111111",
            "55555555555555555-1",
        ] {
            assert_eq!(EventId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_stream_opens_with_an_id_and_empty_data() {
        assert_eq!(priming("ab"), b"id: ab-0\nretry: 1000\ndata:\n\n");
        let event = Event { number: 3, message: b"{}".to_vec(), is_last: false };
        assert_eq!(event.framed("ab"), b"id: ab-3\nevent: message\ndata: {}\n\n");
    }
}
