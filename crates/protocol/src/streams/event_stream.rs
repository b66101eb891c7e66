//! An answer as Server-Sent Events: the messages of a request as they are sent, then its response ("Receiving Messages"). If its
//! client leaves, the request is cancelled, goes on, or goes on and keeps its events ("Cancellation", "Resumability and
//! Redelivery").

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::Stream;

use crate::call::call_state::CallState;
use crate::call::wait_until::WaitUntilDone;
use crate::host::bundle::Host;
use crate::streams::event::Delivery;
use crate::streams::resumable::Resumable;
use crate::streams::sse_event::sse_event;
use crate::transport::response::Response;

/// A running request.
pub(crate) type Run = Pin<Box<dyn Future<Output = Response>>>;

type Timer = Pin<Box<dyn Future<Output = ()>>>;

/// A comment. Only a write shows that a client is gone, and proxies close silent streams.
pub(crate) const KEEP_ALIVE: &[u8] = b":\n\n";

/// The chunks of an event stream. Dropping it ends the work behind it.
pub trait EventSource: Stream<Item = Vec<u8>> {
    /// Tells the stream that its client has left before the end.
    fn client_gone(self: Pin<Box<Self>>) {}
}

/// The events of one request.
pub(crate) struct EventStream<H> {
    state: State,
    call_state: Rc<CallState>,
    host: H,
    keep_alive: Duration,
    /// The time until the next comment. It starts with the first wait.
    timer: Option<Timer>,
    without_client: WithoutClient,
}

enum State {
    Running(Run),
    /// The response is known. Messages that were sent before it go first.
    Answered(Vec<u8>),
    Ended,
}

/// What happens to a call whose client has left.
pub(crate) enum WithoutClient {
    /// It is cancelled.
    Ends,
    /// It goes on, and its messages are dropped.
    GoesOn(WaitUntilDone),
    /// It goes on, and its messages are kept for the client.
    IsKept(WaitUntilDone, Resumable),
}

impl<H: Host> EventStream<H> {
    pub(crate) fn new(
        run: Run,
        call_state: Rc<CallState>,
        host: H,
        keep_alive: Duration,
        without_client: WithoutClient,
    ) -> Self {
        if let WithoutClient::IsKept(_, resumable) = &without_client {
            call_state.name_stream(&resumable.stream);
        }
        Self { state: State::Running(run), call_state, host, keep_alive, timer: None, without_client }
    }

    /// Returns a stream whose response is already known.
    pub(crate) fn answered(
        response: Response,
        call_state: Rc<CallState>,
        host: H,
        keep_alive: Duration,
        without_client: WithoutClient,
    ) -> Self {
        Self { state: State::Answered(response.body), call_state, host, keep_alive, timer: None, without_client }
    }

    fn event(&mut self, message: Vec<u8>, is_last: bool) -> Vec<u8> {
        match &mut self.without_client {
            WithoutClient::Ends | WithoutClient::GoesOn(_) => sse_event(&message),
            WithoutClient::IsKept(_, resumable) => resumable.add(message, is_last).framed(&resumable.stream),
        }
    }

    /// Continues without the client.
    fn go_on(self) {
        let Self { mut state, call_state, host, without_client, .. } = self;
        match without_client {
            WithoutClient::Ends => {}
            WithoutClient::GoesOn(wait_until) => {
                call_state.close();
                if let State::Running(run) = state {
                    wait_until.run(async move { drop(run.await) });
                }
            }
            WithoutClient::IsKept(wait_until, mut resumable) => wait_until.run(async move {
                resumable.hand_over(&host, Delivery::Lost).await;
                while let Some((message, is_last)) = poll_fn(|task| next_message(&mut state, &call_state, task)).await {
                    resumable.add(message, is_last);
                    resumable.hand_over(&host, Delivery::Lost).await;
                }
                // The last chance for events that could not be handed over.
                for _ in 0..LAST_TRIES {
                    if resumable.sent.is_empty() {
                        break;
                    }
                    host.sleep(BETWEEN_TRIES).await;
                    resumable.hand_over(&host, Delivery::Lost).await;
                }
            }),
        }
    }

    /// Returns whether this connection has received all its events, because the rest is kept for another one.
    fn is_left(&self) -> bool {
        self.call_state.is_stream_closed()
            && !self.call_state.has_messages()
            && matches!(self.without_client, WithoutClient::IsKept(..))
    }

    /// Continues without this connection.
    fn leave(&mut self) {
        let rest = Self {
            state: std::mem::replace(&mut self.state, State::Ended),
            call_state: Rc::clone(&self.call_state),
            host: self.host.clone(),
            keep_alive: self.keep_alive,
            timer: None,
            without_client: std::mem::replace(&mut self.without_client, WithoutClient::Ends),
        };
        rest.go_on();
    }

    /// Keeps the last events for a while: they were written, but the client may not have read them.
    fn keep_end(&mut self) {
        let without_client = std::mem::replace(&mut self.without_client, WithoutClient::Ends);
        if let WithoutClient::IsKept(wait_until, mut resumable) = without_client {
            let host = self.host.clone();
            wait_until.run(async move { resumable.hand_over(&host, Delivery::Written).await });
        }
    }
}

/// How often the end of a lost stream is handed over again.
const LAST_TRIES: u32 = 3;

/// The time between two tries.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// Passes each message of a request to `take`, and then its response if there is one.
pub(crate) async fn each_message(run: Run, call_state: &CallState, mut take: impl AsyncFnMut(Vec<u8>)) {
    let mut state = State::Running(run);
    while let Some((message, _)) = poll_fn(|task| next_message(&mut state, call_state, task)).await {
        if message.is_empty() {
            return;
        }
        take(message).await;
    }
}

/// Returns the next message of a request and whether it is the last, or `None` after the last. The last message is empty if the
/// request was cancelled; it is not sent.
fn next_message(state: &mut State, call_state: &CallState, task: &mut Context<'_>) -> Poll<Option<(Vec<u8>, bool)>> {
    if let State::Running(run) = state
        && !call_state.has_messages()
        && let Poll::Ready(response) = run.as_mut().poll(task)
    {
        *state = State::Answered(response.body);
    }
    if let Some(message) = call_state.take() {
        return Poll::Ready(Some((message, false)));
    }
    match std::mem::replace(state, State::Ended) {
        State::Running(run) => {
            *state = State::Running(run);
            Poll::Pending
        }
        State::Answered(response) => Poll::Ready(Some((response, true))),
        State::Ended => Poll::Ready(None),
    }
}

impl<H: Host + Unpin> Stream for EventStream<H> {
    type Item = Vec<u8>;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        let this = self.get_mut();
        if let WithoutClient::IsKept(_, resumable) = &mut this.without_client
            && let Some(opening) = resumable.opening()
        {
            return Poll::Ready(Some(opening));
        }
        if this.is_left() {
            this.leave();
            return Poll::Ready(None);
        }
        match next_message(&mut this.state, &this.call_state, task) {
            Poll::Ready(Some((message, is_last))) => {
                this.timer = None;
                let is_empty = message.is_empty();
                let event = this.event(message, is_last);
                if !is_empty {
                    return Poll::Ready(Some(event));
                }
                this.keep_end();
                return Poll::Ready(None);
            }
            Poll::Ready(None) => {
                this.keep_end();
                return Poll::Ready(None);
            }
            Poll::Pending => {}
        }
        if this.is_left() {
            this.leave();
            return Poll::Ready(None);
        }
        let (host, keep_alive) = (&this.host, this.keep_alive);
        let timer = this.timer.get_or_insert_with(|| Box::pin(host.sleep(keep_alive)));
        if timer.as_mut().poll(task).is_ready() {
            this.timer = None;
            return Poll::Ready(Some(KEEP_ALIVE.to_vec()));
        }
        Poll::Pending
    }
}

impl<H: Host + Unpin> EventSource for EventStream<H> {
    fn client_gone(self: Pin<Box<Self>>) {
        let stream = *Pin::into_inner(self);
        stream.go_on();
    }
}
