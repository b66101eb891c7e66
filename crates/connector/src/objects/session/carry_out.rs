//! How the object of a session carries out each command.

use std::time::Duration;

use mcp_connector_base::identifier::Subject;
use mcp_connector_protocol::{Delivery, Event, Stop};

use crate::objects::session::commands::{
    Arrival, AwaitResponse, AwaitStop, CancelRequest, DeliverResponse, EndSession, GetLogLevel, KeepEvents, MAIN,
    PATIENCE, ReadEvents, Reader, STOP_PATIENCE, SendMessage, SetLogLevel,
};
use crate::objects::session::rows::StoredSession;
use crate::objects::session::state::{
    CarryOut, MAX_WAITING, MAX_WAITING_FOR_RESPONSES, MAX_WAITING_FOR_STOP, MainStream, SessionState,
};
use crate::platform::clock::now;

/// A client may come back before the call of its stream has made itself known here: two instances say that the stream begins and
/// that it is lost.
const UNTIL_KNOWN: Duration = Duration::from_millis(1500);

impl CarryOut<GetLogLevel> for SessionState {
    async fn carry_out(
        &self,
        _: GetLogLevel,
        _: Option<&Subject>,
        stored: StoredSession,
    ) -> worker::Result<Option<Option<String>>> {
        Ok(Some(stored.log_level))
    }
}

impl CarryOut<SetLogLevel> for SessionState {
    async fn carry_out(
        &self,
        SetLogLevel(level): SetLogLevel,
        _: Option<&Subject>,
        stored: StoredSession,
    ) -> worker::Result<Option<()>> {
        let stored = StoredSession { log_level: Some(level), ..stored };
        if self.is_main_held() {
            // The session lives as long as its stream, and so does what it remembers.
            self.stored.replace(Some(stored));
        } else {
            self.store(stored).await?;
        }
        Ok(Some(()))
    }
}

impl CarryOut<AwaitResponse> for SessionState {
    async fn carry_out(
        &self,
        AwaitResponse(id): AwaitResponse,
        _: Option<&Subject>,
        _: StoredSession,
    ) -> worker::Result<Option<Option<Vec<u8>>>> {
        let response = || self.responses.borrow_mut().take(&id, now());
        self.until(PATIENCE, MAX_WAITING_FOR_RESPONSES, response).await.map(Some)
    }
}

impl CarryOut<DeliverResponse> for SessionState {
    async fn carry_out(
        &self,
        DeliverResponse { id, response }: DeliverResponse,
        _: Option<&Subject>,
        _: StoredSession,
    ) -> worker::Result<Option<()>> {
        self.responses.borrow_mut().put(id, response, now());
        self.waiting.wake();
        Ok(Some(()))
    }
}

impl CarryOut<AwaitStop> for SessionState {
    async fn carry_out(
        &self,
        AwaitStop { key, stream }: AwaitStop,
        subject: Option<&Subject>,
        _: StoredSession,
    ) -> worker::Result<Option<Option<Stop>>> {
        let (key, stream) = (own_key(subject, &key), stream.as_deref());
        if let Some(name) = stream {
            self.running.borrow_mut().note_active(name, now().as_seconds());
            self.waiting.wake();
        }
        let stop = || {
            if self.cancellations.borrow_mut().take(&key, now()).is_some() {
                return Some(Some(Stop::Cancelled));
            }
            if self.has_ended() {
                return Some(Some(Stop::SessionEnded));
            }
            let name = stream?;
            if self.running.borrow_mut().take_new_reader(name) {
                return Some(Some(Stop::Resumed));
            }
            // A call that has sent its last event waits no more.
            self.running.borrow().has_ended(name).then_some(None)
        };
        Ok(Some(self.until(STOP_PATIENCE, MAX_WAITING_FOR_STOP, stop).await?.flatten()))
    }

    fn after_end() -> Option<Option<Stop>> {
        Some(Some(Stop::SessionEnded))
    }
}

impl CarryOut<CancelRequest> for SessionState {
    async fn carry_out(
        &self,
        CancelRequest(key): CancelRequest,
        subject: Option<&Subject>,
        _: StoredSession,
    ) -> worker::Result<Option<()>> {
        self.cancellations.borrow_mut().put(own_key(subject, &key), Vec::new(), now());
        self.waiting.wake();
        Ok(Some(()))
    }
}

impl CarryOut<KeepEvents> for SessionState {
    async fn carry_out(
        &self,
        KeepEvents { stream, events, delivery }: KeepEvents,
        _: Option<&Subject>,
        stored: StoredSession,
    ) -> worker::Result<Option<()>> {
        if delivery == Delivery::Lost {
            self.rows.store_events(&stream, &events, &stored.owner).await?;
        }
        if events.iter().any(|event| event.is_last) {
            self.running.borrow_mut().end(&stream);
        }
        self.streams.borrow_mut().keep(&stream, events, now().as_seconds());
        self.waiting.wake();
        Ok(Some(()))
    }
}

impl CarryOut<ReadEvents> for SessionState {
    async fn carry_out(
        &self,
        ReadEvents { after, patience, reader: Reader(reader), arrival }: ReadEvents,
        _: Option<&Subject>,
        _: StoredSession,
    ) -> worker::Result<Option<Vec<Event>>> {
        if arrival == Arrival::Comes {
            let is_known = || self.is_known(&after.stream).then_some(());
            self.until(UNTIL_KNOWN, MAX_WAITING, is_known).await?;
            self.running.borrow_mut().give_to(&after.stream, reader);
            // The previous reader, and the call of the stream.
            self.waiting.wake();
        }
        self.read_stored_events(&after.stream)?;
        let patience = Duration::from_secs(patience).min(PATIENCE);
        let events = self.until(patience, MAX_WAITING, || self.events_for(reader, &after)).await?;
        Ok(Some(events.unwrap_or_default()))
    }
}

impl CarryOut<SendMessage> for SessionState {
    async fn carry_out(
        &self,
        SendMessage { message, agreed }: SendMessage,
        _: Option<&Subject>,
        _: StoredSession,
    ) -> worker::Result<Option<()>> {
        if !self.is_main_held() {
            return Ok(None);
        }
        let main = self.main.get();
        let number = main.sent + 1;
        self.main.set(MainStream { sent: number, agreed: agreed.or(main.agreed), ..main });
        let event = Event { number, message, is_last: false };
        self.streams.borrow_mut().keep(MAIN, [event], now().as_seconds());
        self.waiting.wake();
        Ok(Some(()))
    }
}

impl CarryOut<EndSession> for SessionState {
    async fn carry_out(&self, _: EndSession, _: Option<&Subject>, stored: StoredSession) -> worker::Result<Option<()>> {
        self.rows.forget().await?;
        self.responses.borrow_mut().clear();
        self.cancellations.borrow_mut().clear();
        self.streams.take();
        self.running.take();
        self.store(StoredSession { has_ended: true, log_level: None, ..stored }).await?;
        self.waiting.wake();
        Ok(Some(()))
    }
}

/// Returns the key of a request under the name of its caller, so that no other caller cancels it.
fn own_key(subject: Option<&Subject>, key: &str) -> String {
    [subject.map_or("", Subject::as_str), "\n", key].concat()
}
