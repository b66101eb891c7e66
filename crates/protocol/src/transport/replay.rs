//! Events that a client may have lost, kept until it comes back for them ("Resumability and Redelivery", until 2025-11-25).
//!
//! An event id names its stream and its place in it, so a client that says what it got last gets the rest of that stream and
//! nothing of another.

use mcp_connector_base::row::Row;
use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::transport::sse_event::sse_event;

/// What became of events that were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// The whole stream was written. Whether it was read nobody knows.
    Written,
    /// The connection is gone, and more events of the stream may follow.
    Lost,
}

/// The id of an event: `<stream>-<number>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventId {
    /// The stream: 16 hexadecimal digits, unique without a session even.
    pub stream: String,
    /// Its place in the stream. What opens the stream is 0.
    pub number: u64,
}

impl EventId {
    /// Reads what a client sends as `Last-Event-ID`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (stream, number) = text.trim().split_once('-')?;
        let is_ours = stream.len() == 16 && stream.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_plain = !number.is_empty() && number.len() <= 15 && number.bytes().all(|byte| byte.is_ascii_digit());
        (is_ours && is_plain).then_some(Self { stream: stream.to_owned(), number: number.parse().ok()? })
    }

    /// The name of a new stream, out of bits that nobody can guess.
    pub(crate) fn new_stream(bits: u128) -> String {
        format!("{:016x}", bits >> 64)
    }
}

/// A message on its way, at its place in a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its place.
    pub number: u64,
    /// The message. Empty where it was too large to be kept.
    pub message: Vec<u8>,
    /// Whether the stream ends with it.
    pub is_last: bool,
}

impl Row for Event {
    const VERSION: u8 = 1;
}

impl Event {
    /// What goes over the wire.
    #[must_use]
    pub fn framed(&self, stream: &str) -> Vec<u8> {
        let mut framed = format!("id: {stream}-{}\n", self.number).into_bytes();
        framed.extend_from_slice(&sse_event(&self.message));
        framed
    }

    /// The same for a client that cannot come back.
    #[must_use]
    pub fn without_id(&self) -> Vec<u8> {
        sse_event(&self.message)
    }
}

/// What opens a stream that can be resumed: an id before there is a message, and how long to wait before coming back.
pub(crate) fn priming(stream: &str) -> Vec<u8> {
    format!("id: {stream}-0\nretry: {RETRY_MILLISECONDS}\ndata:\n\n").into_bytes()
}

const RETRY_MILLISECONDS: u32 = 1000;

/// The newest events of one stream, within limits.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    events: VecDeque<Event>,
    bytes: usize,
}

impl Recent {
    /// Most events of one stream that are kept.
    pub(crate) const MAX_EVENTS: usize = 1000;
    /// Most bytes of them. A larger event is kept empty: the stream then ends without it.
    pub(crate) const MAX_BYTES: usize = 4 * 1024 * 1024;

    /// Adds an event, and drops the oldest where there are too many. One that is known already is not added again.
    pub(crate) fn push(&mut self, mut event: Event) {
        if self.events.back().is_some_and(|last| last.number >= event.number) {
            return;
        }
        if event.message.len() > Self::MAX_BYTES {
            event.message = Vec::new();
        }
        self.bytes = self.bytes.saturating_add(event.message.len());
        self.events.push_back(event);
        while self.bytes > Self::MAX_BYTES || self.events.len() > Self::MAX_EVENTS {
            let Some(oldest) = self.events.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(oldest.message.len());
        }
    }

    /// Those after the place `number`.
    pub(crate) fn after(&self, number: u64) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(move |event| event.number > number)
    }

    /// Whether the stream has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.events.back().is_some_and(|last| last.is_last)
    }

    /// Forgets them all, and gives them.
    pub(crate) fn take(&mut self) -> Vec<Event> {
        self.bytes = 0;
        self.events.drain(..).collect()
    }

    /// Whether nothing is kept.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// The streams of a session that its client may come back to, within limits.
#[derive(Debug, Default)]
pub struct Replays(VecDeque<Replay>);

#[derive(Debug)]
struct Replay {
    stream: String,
    events: Recent,
    /// When the last event came, in seconds.
    touched: u64,
}

impl Replays {
    /// The events of a stream are kept this long after the last one, in seconds. A client comes back after one.
    pub const LIFETIME: u64 = 10 * 60;
    /// Most streams that are kept.
    pub const MAX_STREAMS: usize = 16;
    /// Most bytes of all of them. The newest stream is kept in any case.
    pub const MAX_BYTES: usize = 16 * 1024 * 1024;

    /// Keeps events of a stream.
    pub fn keep(&mut self, stream: &str, events: impl IntoIterator<Item = Event>, now: u64) {
        self.0.retain(|replay| now.saturating_sub(replay.touched) < Self::LIFETIME);
        let known = self.0.iter().position(|replay| replay.stream == stream).and_then(|at| self.0.remove(at));
        let mut replay =
            known.unwrap_or_else(|| Replay { stream: stream.to_owned(), events: Recent::default(), touched: now });
        replay.touched = now;
        for event in events {
            replay.events.push(event);
        }
        self.0.push_back(replay);
        while self.0.len() > 1 && (self.0.len() > Self::MAX_STREAMS || self.bytes() > Self::MAX_BYTES) {
            self.0.pop_front();
        }
    }

    /// Whether anything is kept of a stream.
    #[must_use]
    pub fn knows(&self, stream: &str, now: u64) -> bool {
        self.find(stream, now).is_some()
    }

    /// Events that a client has not got which has got `last`. None as long as there are none, unless there will be none any
    /// more.
    #[must_use]
    pub fn after(&self, last: &EventId, now: u64) -> Option<Vec<Event>> {
        let events = &self.find(&last.stream, now)?.events;
        let rest: Vec<_> = events.after(last.number).cloned().collect();
        if rest.is_empty() && events.is_over() {
            // The client has got it all.
            return Some(vec![Event { number: last.number, message: Vec::new(), is_last: true }]);
        }
        (!rest.is_empty()).then_some(rest)
    }

    fn find(&self, stream: &str, now: u64) -> Option<&Replay> {
        self.0.iter().find(|replay| replay.stream == stream && now.saturating_sub(replay.touched) < Self::LIFETIME)
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|replay| replay.events.bytes).sum()
    }
}

/// The streams of a session that calls still write to, and their readers. A client that resumes a stream learns at once if
/// nothing more will come, and only the last reader gets the events.
#[derive(Debug, Default)]
pub struct RunningStreams(VecDeque<RunningStream>);

#[derive(Debug, Default)]
struct RunningStream {
    name: String,
    /// When its call was last heard of, in seconds, if it was.
    heard: Option<u64>,
    /// Its last event has come.
    has_ended: bool,
    reader: Option<u64>,
    /// Its call is still to be told that it has a new reader.
    is_news: bool,
}

impl RunningStreams {
    /// A call that has not been heard of for this long is gone, in seconds. One that could not ask asks again after ten.
    pub const SILENCE: u64 = 45;
    /// Maximum number of streams that are remembered.
    pub const MAX: usize = 256;

    /// The call of a stream was heard of.
    pub fn hear_of(&mut self, name: &str, now: u64) {
        self.change(name, |stream| stream.heard = Some(now));
    }

    /// Returns whether more events of a stream may come.
    #[must_use]
    pub fn is_running(&self, name: &str, now: u64) -> bool {
        let is_heard = |stream: &RunningStream| stream.heard.is_some_and(|at| now.saturating_sub(at) < Self::SILENCE);
        self.find(name).is_some_and(|stream| !stream.has_ended && is_heard(stream))
    }

    /// The last event of a stream has come.
    pub fn end(&mut self, name: &str) {
        self.change(name, |stream| stream.has_ended = true);
    }

    /// Returns whether its last event has come.
    #[must_use]
    pub fn has_ended(&self, name: &str) -> bool {
        self.find(name).is_some_and(|stream| stream.has_ended)
    }

    /// Makes the client that resumes a stream its only reader.
    pub fn give_to(&mut self, name: &str, reader: u64) {
        self.change(name, |stream| {
            stream.reader = Some(reader);
            stream.is_news = stream.heard.is_some();
        });
    }

    /// Returns whether the events of a stream go to `reader`. They do if no reader is known, because an entry may have been
    /// dropped.
    #[must_use]
    pub fn is_read_by(&self, name: &str, reader: u64) -> bool {
        self.find(name).and_then(|stream| stream.reader).is_none_or(|known| known == reader)
    }

    /// Returns whether the call of a stream is to be told that its client reads elsewhere. It is told once.
    pub fn take_news(&mut self, name: &str) -> bool {
        self.0.iter_mut().any(|stream| stream.name == name && std::mem::take(&mut stream.is_news))
    }

    fn find(&self, name: &str) -> Option<&RunningStream> {
        self.0.iter().find(|stream| stream.name == name)
    }

    /// Changes what is known of a stream, known or new.
    fn change(&mut self, name: &str, change: impl FnOnce(&mut RunningStream)) {
        let known = self.0.iter().position(|stream| stream.name == name).and_then(|at| self.0.remove(at));
        while self.0.len() >= Self::MAX {
            self.0.pop_front();
        }
        let mut stream = known.unwrap_or_else(|| RunningStream { name: name.to_owned(), ..RunningStream::default() });
        change(&mut stream);
        self.0.push_back(stream);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(number: u64, length: usize) -> Event {
        Event { number, message: vec![b'x'; length], is_last: false }
    }

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

    #[test]
    fn the_newest_are_kept() {
        let mut recent = Recent::default();
        for number in 1..=(Recent::MAX_EVENTS as u64 + 5) {
            recent.push(event(number, 1));
        }
        assert_eq!(recent.after(0).next().unwrap().number, 6);
        recent.push(event(5000, Recent::MAX_BYTES));
        assert_eq!(recent.after(0).map(|event| event.number).collect::<Vec<_>>(), [5000]);
        recent.push(event(5001, Recent::MAX_BYTES + 1));
        assert_eq!(recent.after(5000).map(|event| event.message.len()).collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn streams_are_kept_apart_and_within_limits() {
        let last = |stream: &str, number| EventId { stream: stream.to_owned(), number };
        let numbers =
            |events: Option<Vec<Event>>| events.map(|events| events.iter().map(|one| one.number).collect::<Vec<_>>());
        let mut replays = Replays::default();
        replays.keep("a", [event(1, 1), event(2, 1)], 0);
        replays.keep("b", [event(1, 1)], 1);
        replays.keep("a", [event(2, 1), event(3, 1)], 2);
        assert_eq!(numbers(replays.after(&last("a", 1), 2)), Some(vec![2, 3]));
        assert_eq!(numbers(replays.after(&last("b", 0), 2)), Some(vec![1]));
        assert_eq!(numbers(replays.after(&last("b", 1), 2)), None, "more may come");
        assert_eq!(numbers(replays.after(&last("c", 0), 2)), None);
        replays.keep("b", [Event { is_last: true, ..event(2, 1) }], 3);
        let end = replays.after(&last("b", 2), 3).unwrap();
        assert!(end.len() == 1 && end[0].is_last && end[0].message.is_empty(), "there is nothing more: {end:?}");
        assert!(replays.knows("a", Replays::LIFETIME + 1) && !replays.knows("a", Replays::LIFETIME + 2));
        for number in 0..Replays::MAX_STREAMS {
            replays.keep(&format!("new {number}"), [event(1, 1)], 4);
        }
        assert!(!replays.knows("a", 4) && !replays.knows("b", 4) && replays.knows("new 0", 4));
        for number in 0..5 {
            replays.keep(&format!("large {number}"), [event(1, Recent::MAX_BYTES)], 5);
        }
        assert!(!replays.knows("new 0", 5) && !replays.knows("large 0", 5) && replays.knows("large 1", 5));
    }

    #[test]
    fn a_running_stream_has_one_reader_and_its_call_hears_of_a_new_one_once() {
        let mut running = RunningStreams::default();
        assert!(!running.is_running("a", 0), "nobody has heard of it");
        running.hear_of("a", 0);
        assert!(running.is_running("a", 1) && !running.take_news("a"));
        assert!(running.is_read_by("a", 1) && running.is_read_by("a", 2), "nobody came for it yet");
        running.give_to("a", 1);
        assert!(running.take_news("a") && !running.take_news("a"), "told once");
        running.give_to("a", 2);
        assert!(!running.is_read_by("a", 1) && running.is_read_by("a", 2) && running.take_news("a"));
        running.hear_of("a", 10);
        assert!(running.is_running("a", 9 + RunningStreams::SILENCE));
        assert!(!running.is_running("a", 10 + RunningStreams::SILENCE), "its call is gone");
        running.end("a");
        assert!(!running.is_running("a", 11) && running.has_ended("a") && !running.is_read_by("a", 1));
        running.give_to("b", 3);
        assert!(!running.is_running("b", 11) && !running.take_news("b"), "a reader alone makes no stream");
        for number in 0..RunningStreams::MAX {
            running.hear_of(&format!("stream {number}"), 11);
        }
        assert!(!running.has_ended("a"), "the oldest are forgotten");
    }

    #[test]
    fn a_stream_is_over_with_its_last_event() {
        let mut recent = Recent::default();
        assert!(!recent.is_over());
        recent.push(event(1, 1));
        assert!(!recent.is_over());
        recent.push(Event { is_last: true, ..event(2, 1) });
        assert!(recent.is_over());
    }

    proptest! {
        /// However often a client loses its connection, and in whatever portions events come: nothing is lost or doubled.
        #[test]
        fn a_client_that_says_what_it_got_gets_the_rest_once(
            portions in proptest::collection::vec((0usize..5, 0usize..4), 1..40),
        ) {
            let (mut recent, mut got, mut sent) = (Recent::default(), Vec::new(), 0_u64);
            for (come, read) in portions {
                for _ in 0..come {
                    sent = sent.saturating_add(1);
                    recent.push(event(sent, 1));
                    // A sender that is not sure sends again.
                    recent.push(event(sent, 1));
                }
                let last = got.last().copied().unwrap_or(0);
                got.extend(recent.after(last).take(read).map(|event| event.number));
            }
            let last = got.last().copied().unwrap_or(0);
            got.extend(recent.after(last).map(|event| event.number));
            prop_assert_eq!(got, (1..=sent).collect::<Vec<_>>());
        }
    }
}
