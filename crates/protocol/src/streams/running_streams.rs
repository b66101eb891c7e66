//! The streams that calls of a session still write to.

use std::collections::VecDeque;

/// The streams of a session that calls still write to, with their readers. A client that resumes a stream learns at once if no
/// more events will come, and only the last reader gets the events.
#[derive(Debug, Default)]
pub struct RunningStreams(VecDeque<RunningStream>);

#[derive(Debug, Default)]
struct RunningStream {
    name: String,
    /// When its call was last active, in seconds since 1970.
    active: Option<u64>,
    /// Whether its last event has come.
    has_ended: bool,
    reader: Option<u64>,
    /// Whether its call does not know of its new reader yet.
    has_new_reader: bool,
}

impl RunningStreams {
    /// A call that was not active for so many seconds is gone. A call that cannot reach its object tries again after ten.
    pub const SILENCE: u64 = 45;
    /// Maximum number of streams that are remembered.
    pub const MAX: usize = 256;

    /// Notes that the call of a stream is active.
    pub fn note_active(&mut self, name: &str, now: u64) {
        self.change(name, |stream| stream.active = Some(now));
    }

    /// Returns whether more events of a stream may come.
    #[must_use]
    pub fn is_running(&self, name: &str, now: u64) -> bool {
        let is_active = |stream: &RunningStream| stream.active.is_some_and(|at| now.saturating_sub(at) < Self::SILENCE);
        self.find(name).is_some_and(|stream| !stream.has_ended && is_active(stream))
    }

    /// Notes that the last event of a stream has come.
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
            stream.has_new_reader = stream.active.is_some();
        });
    }

    /// Returns whether the events of a stream go to `reader`. They do if no reader is known, because an entry may have been
    /// dropped.
    #[must_use]
    pub fn is_read_by(&self, name: &str, reader: u64) -> bool {
        self.find(name).and_then(|stream| stream.reader).is_none_or(|known| known == reader)
    }

    /// Returns whether the call of a stream has a new reader, once for each.
    pub fn take_new_reader(&mut self, name: &str) -> bool {
        self.0.iter_mut().any(|stream| stream.name == name && std::mem::take(&mut stream.has_new_reader))
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
    use super::*;

    #[test]
    fn a_running_stream_has_one_reader_and_its_call_learns_of_a_new_one_once() {
        let mut running = RunningStreams::default();
        assert!(!running.is_running("a", 0), "its call was never active");
        running.note_active("a", 0);
        assert!(running.is_running("a", 1) && !running.take_new_reader("a"));
        assert!(running.is_read_by("a", 1) && running.is_read_by("a", 2), "nobody came for it yet");
        running.give_to("a", 1);
        assert!(running.take_new_reader("a") && !running.take_new_reader("a"), "once");
        running.give_to("a", 2);
        assert!(!running.is_read_by("a", 1) && running.is_read_by("a", 2) && running.take_new_reader("a"));
        running.note_active("a", 10);
        assert!(running.is_running("a", 9 + RunningStreams::SILENCE));
        assert!(!running.is_running("a", 10 + RunningStreams::SILENCE), "its call is gone");
        running.end("a");
        assert!(!running.is_running("a", 11) && running.has_ended("a") && !running.is_read_by("a", 1));
        running.give_to("b", 3);
        assert!(!running.is_running("b", 11) && !running.take_new_reader("b"), "a reader alone makes no stream");
        for number in 0..RunningStreams::MAX {
            running.note_active(&format!("stream {number}"), 11);
        }
        assert!(!running.has_ended("a"), "the oldest are forgotten");
    }
}
