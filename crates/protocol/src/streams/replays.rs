//! Events that a client may have lost, kept until it comes back for them ("Resumability and Redelivery", until 2025-11-25).

use std::collections::VecDeque;

use crate::streams::event::{Event, EventId};
use crate::streams::recent_events::Recent;

/// The streams of a session that its client may resume, within limits.
#[derive(Debug, Default)]
pub struct Replays(VecDeque<Replay>);

#[derive(Debug)]
struct Replay {
    stream: String,
    events: Recent,
    /// When the last event came, in seconds since 1970.
    touched: u64,
}

impl Replays {
    /// How long the events of a stream are kept after the last one, in seconds. A client reconnects after one second.
    pub const LIFETIME: u64 = 10 * 60;
    /// Maximum number of streams.
    pub const MAX_STREAMS: usize = 16;
    /// Maximum length of all messages in bytes. The newest stream is kept in any case.
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

    /// Returns whether events of a stream are kept.
    #[must_use]
    pub fn knows(&self, stream: &str, now: u64) -> bool {
        self.find(stream, now).is_some()
    }

    /// Returns the events after `last`, or `None` if there are none yet. If the stream has ended, returns an empty last event.
    #[must_use]
    pub fn after(&self, last: &EventId, now: u64) -> Option<Vec<Event>> {
        let events = &self.find(&last.stream, now)?.events;
        let rest: Vec<_> = events.after(last.number).cloned().collect();
        if rest.is_empty() && events.is_over() {
            // The client has all of them.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: u64, length: usize) -> Event {
        Event { number, message: vec![b'x'; length], is_last: false }
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
}
