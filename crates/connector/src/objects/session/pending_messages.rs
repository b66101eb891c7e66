//! Messages whose receiver may not wait for them yet. They are held in memory for a moment, within limits.

use std::collections::VecDeque;

use mcp_connector_base::timestamp::Timestamp;

/// Messages, the oldest first.
pub(crate) struct PendingMessages {
    limits: Limits,
    messages: VecDeque<PendingMessage>,
}

/// Limits of what is held.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// How long a message is held, in seconds.
    pub(crate) lifetime: u64,
    /// Maximum number of messages.
    pub(crate) messages: usize,
    /// Maximum number of bytes of all messages. The newest is taken in any case.
    pub(crate) bytes: usize,
}

struct PendingMessage {
    to: String,
    content: Vec<u8>,
    received_at: Timestamp,
}

impl PendingMessages {
    pub(crate) const fn new(limits: Limits) -> Self {
        Self { limits, messages: VecDeque::new() }
    }

    /// Adds a message. It replaces an earlier one to the same receiver.
    pub(crate) fn put(&mut self, to: String, content: Vec<u8>, now: Timestamp) {
        let message = PendingMessage { to, content, received_at: now };
        let Limits { lifetime, messages, bytes } = self.limits;
        self.messages.retain(|other| other.to != message.to && now.seconds_since(other.received_at) < lifetime);
        while self.messages.len() >= messages || self.bytes() + message.bytes() > bytes {
            if self.messages.pop_front().is_none() {
                break;
            }
        }
        self.messages.push_back(message);
    }

    /// Removes the message to `to` and returns it.
    pub(crate) fn take(&mut self, to: &str, now: Timestamp) -> Option<Vec<u8>> {
        let at = self.messages.iter().position(|message| message.to == to)?;
        let message = self.messages.remove(at)?;
        (now.seconds_since(message.received_at) < self.limits.lifetime).then_some(message.content)
    }

    /// Removes all messages.
    pub(crate) fn clear(&mut self) {
        self.messages.clear();
    }

    fn bytes(&self) -> usize {
        self.messages.iter().map(PendingMessage::bytes).sum()
    }
}

impl PendingMessage {
    fn bytes(&self) -> usize {
        self.to.len() + self.content.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn pending() -> PendingMessages {
        PendingMessages::new(Limits { lifetime: 10, messages: 3, bytes: 100 })
    }

    #[test]
    fn a_pending_message_is_taken_once_by_its_receiver_within_its_lifetime() {
        let mut pending = pending();
        pending.put("a".to_owned(), vec![1], at(0));
        assert_eq!(pending.take("b", at(1)), None);
        assert_eq!(pending.take("a", at(9)), Some(vec![1]));
        assert_eq!(pending.take("a", at(9)), None);
        pending.put("a".to_owned(), vec![1], at(20));
        assert_eq!(pending.take("a", at(30)), None, "too late");
        pending.put("a".to_owned(), vec![1], at(40));
        pending.put("a".to_owned(), vec![2], at(41));
        assert_eq!(pending.take("a", at(42)), Some(vec![2]), "the last one counts");
        assert_eq!(pending.take("a", at(42)), None);
    }

    #[test]
    fn the_newest_pending_messages_are_held() {
        let mut pending = pending();
        for name in ["a", "b", "c", "d"] {
            pending.put(name.to_owned(), vec![0], at(0));
        }
        assert_eq!(pending.take("a", at(0)), None);
        assert_eq!(pending.take("b", at(0)), Some(vec![0]));
        pending.put("large".to_owned(), vec![0; 1000], at(0));
        assert_eq!(pending.take("d", at(0)), None);
        assert_eq!(pending.take("large", at(0)).map(|content| content.len()), Some(1000));
        pending.put("a".to_owned(), vec![0], at(0));
        pending.clear();
        assert_eq!(pending.take("a", at(0)), None);
    }
}
