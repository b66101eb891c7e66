//! A stream of the events that a session's object has for a client. The object is asked again and again, as long as the
//! client stays.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::Stream;
use worker::Env;

use mcp_connector_base::identifier::Subject;
use mcp_connector_protocol::{Event, EventId, EventSource, SessionError, SessionId};

use crate::mcp::anonymous_stream::StreamPlace;
use crate::objects::session::commands::{Arrival, PATIENCE, Reader, main_stream};
use crate::objects::session::stub::SessionStub;
use crate::platform::timer::Timer;

/// A comment, because only a write shows that a client is gone.
const KEEP_ALIVE: &[u8] = b":\n\n";

type Question = Pin<Box<dyn Future<Output = Result<Vec<Event>, SessionError>>>>;

/// The stream.
pub(crate) struct SessionStream {
    env: Env,
    session: SessionId,
    subject: Option<Subject>,
    /// The last event that the client has.
    last: EventId,
    reader: Reader,
    keep_alive: Duration,
    /// How events are written: with their ids or without.
    framed: fn(&Event, &str) -> Vec<u8>,
    waiting: VecDeque<Vec<u8>>,
    is_over: bool,
    has_asked_again: bool,
    question: Option<Question>,
    silence: Option<Timer>,
    /// The latest time at which the stream ends.
    end: Timer,
    /// The place of a client without a token, which is given back when the stream ends.
    place: Option<StreamPlace>,
}

impl SessionStream {
    /// Makes a stream of what comes after `last`, which begins with `events`.
    pub(crate) fn new(
        session: SessionStub<'_>,
        last: EventId,
        events: Vec<Event>,
        limits: Limits,
        reader: Reader,
    ) -> Self {
        let mut stream = Self {
            env: session.env.clone(),
            session: session.id.clone(),
            subject: session.subject.cloned(),
            last,
            reader,
            keep_alive: limits.keep_alive,
            framed: Event::framed,
            waiting: VecDeque::new(),
            is_over: false,
            has_asked_again: false,
            question: None,
            silence: None,
            end: Timer::new(limits.longest),
            place: None,
        };
        stream.take(events);
        stream
    }

    /// Makes the one stream of a session of 2024-11-05, whose first event says where to post messages.
    pub(crate) fn of_http_sse(
        session: SessionStub<'_>,
        reader: Reader,
        opening: Vec<u8>,
        limits: Limits,
        place: Option<StreamPlace>,
    ) -> Self {
        let mut stream = Self::new(session, main_stream(), Vec::new(), limits, reader);
        stream.framed = |event, _| event.without_id();
        stream.place = place;
        stream.waiting.push_back(opening);
        stream
    }

    fn take(&mut self, events: Vec<Event>) {
        for event in events {
            self.last.number = event.number;
            self.is_over |= event.is_last;
            if !event.message.is_empty() {
                self.waiting.push_back((self.framed)(&event, &self.last.stream));
            }
        }
    }

    fn ask(&self) -> Question {
        let (env, session, subject, last) =
            (self.env.clone(), self.session.clone(), self.subject.clone(), self.last.clone());
        let reader = self.reader;
        Box::pin(async move {
            let session = SessionStub::new(&env, &session, subject.as_ref());
            session.events_after(&last, PATIENCE, reader, Arrival::GoesOn).await
        })
    }
}

/// How long a stream is open.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// A silent stream sends a comment after this long.
    pub(crate) keep_alive: Duration,
    /// A stream ends after this long in any case.
    pub(crate) longest: Duration,
}

impl Stream for SessionStream {
    type Item = Vec<u8>;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        let this = self.get_mut();
        loop {
            if let Some(event) = this.waiting.pop_front() {
                this.silence = None;
                return Poll::Ready(Some(event));
            }
            if this.is_over || Pin::new(&mut this.end).poll(task).is_ready() {
                return Poll::Ready(None);
            }
            let mut question = this.question.take().unwrap_or_else(|| this.ask());
            match question.as_mut().poll(task) {
                Poll::Ready(Ok(events)) => {
                    this.has_asked_again = false;
                    this.take(events);
                }
                // The instance of the object may have died. The next one knows which calls were lost.
                Poll::Ready(Err(SessionError::Unavailable(_))) if !this.has_asked_again => this.has_asked_again = true,
                // The session has ended, or is out of reach. The client reconnects, and the answer says so.
                Poll::Ready(Err(_)) => this.is_over = true,
                Poll::Pending => {
                    this.question = Some(question);
                    let silence = this.silence.get_or_insert_with(|| Timer::new(this.keep_alive));
                    if Pin::new(silence).poll(task).is_ready() {
                        this.silence = None;
                        return Poll::Ready(Some(KEEP_ALIVE.to_vec()));
                    }
                    return Poll::Pending;
                }
            }
        }
    }
}

impl EventSource for SessionStream {}
