//! A stream that its client may come back to.

use crate::host::event_store::EventStore;
use crate::host::sessions::SessionError;
use crate::streams::event::{Delivery, Event, EventId, priming};
use crate::streams::recent_events::Recent;
use crate::transport::session::SessionId;
use mcp_connector_base::identifier::Subject;

/// A stream that its client may come back to.
pub(crate) struct Resumable {
    session: SessionId,
    owner: Option<Subject>,
    pub(crate) stream: String,
    /// The number of the next event.
    next: u64,
    /// The events that may be lost: what a client has read is unknown.
    pub(crate) sent: Recent,
}

impl Resumable {
    pub(crate) fn new(session: SessionId, owner: Option<Subject>, bits: u128) -> Self {
        Self { session, owner, stream: EventId::new_stream(bits), next: 0, sent: Recent::default() }
    }

    /// Returns the event that opens the stream, the first time.
    pub(crate) fn opening(&mut self) -> Option<Vec<u8>> {
        (self.next == 0).then(|| {
            self.next = 1;
            priming(&self.stream)
        })
    }

    /// Adds a message to the stream.
    pub(crate) fn add(&mut self, message: Vec<u8>, is_last: bool) -> Event {
        // The numbers begin at 1 even without an opening.
        let number = self.next.max(1);
        self.next = number + 1;
        let event = Event { number, message, is_last };
        self.sent.push(event.clone());
        event
    }

    /// Hands the events that may be lost to the event store. If it does not answer, they go with the next ones.
    pub(crate) async fn hand_over(&mut self, host: &impl EventStore, delivery: Delivery) {
        let events = self.sent.take();
        if events.is_empty() {
            return;
        }
        let kept = host.keep_events(&self.session, self.owner.as_ref(), &self.stream, &events, delivery).await;
        if let Err(SessionError::Unavailable(_)) = kept {
            for event in events {
                self.sent.push(event);
            }
        }
    }
}
