//! The newest events of one stream.

use std::collections::VecDeque;

use crate::streams::event::Event;

/// The newest events of one stream, within limits.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    events: VecDeque<Event>,
    pub(crate) bytes: usize,
}

impl Recent {
    /// Maximum number of events.
    pub(crate) const MAX_EVENTS: usize = 1000;
    /// Maximum length of their messages in bytes. The message of a larger event is dropped.
    pub(crate) const MAX_BYTES: usize = 4 * 1024 * 1024;

    /// Adds an event, and drops the oldest if there are too many. Ignores an event that was added before.
    pub(crate) fn push(&mut self, mut event: Event) {
        if self.events.back().is_some_and(|last| last.number >= event.number) {
            return;
        }
        if event.message.len() > Self::MAX_BYTES {
            event.message = Vec::new();
        }
        self.bytes += event.message.len();
        self.events.push_back(event);
        while self.bytes > Self::MAX_BYTES || self.events.len() > Self::MAX_EVENTS {
            let Some(oldest) = self.events.pop_front() else { break };
            self.bytes -= oldest.message.len();
        }
    }

    /// Returns the events after `number`.
    pub(crate) fn after(&self, number: u64) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(move |event| event.number > number)
    }

    /// Returns whether the last event of the stream has come.
    pub(crate) fn is_over(&self) -> bool {
        self.events.back().is_some_and(|last| last.is_last)
    }

    /// Removes and returns all events.
    pub(crate) fn take(&mut self) -> Vec<Event> {
        self.bytes = 0;
        self.events.drain(..).collect()
    }

    /// Returns whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
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
                    sent += 1;
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
