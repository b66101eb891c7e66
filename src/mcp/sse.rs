//! An answer as Server-Sent Events: the messages of a request as they come up, then its response ("Receiving Messages").

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;

use super::announce::event;
use super::exchange::Exchange;
use super::host::Host;
use super::operation::Response;

/// A request on its way to its response.
pub(crate) type Run = Pin<Box<dyn Future<Output = Response>>>;

type Timer = Pin<Box<dyn Future<Output = ()>>>;

/// A comment line. A gone client is only noticed at a write, and a proxy closes what is silent.
const KEEP_ALIVE: &[u8] = b":\n\n";

/// The events of one request. Dropping it drops the handler: that is how a closed connection cancels the call.
pub(crate) struct EventStream<H> {
    state: State,
    exchange: Rc<Exchange>,
    host: H,
    keep_alive: Duration,
    /// Runs while nothing is sent; made when there is something to wait for.
    timer: Option<Timer>,
}

enum State {
    Running(Run),
    /// The response is there; messages that came up before go first.
    Answered(Vec<u8>),
    Ended,
}

impl<H: Host> EventStream<H> {
    pub(crate) fn new(run: Run, exchange: Rc<Exchange>, host: H, keep_alive: Duration) -> Self {
        Self { state: State::Running(run), exchange, host, keep_alive, timer: None }
    }

    /// A stream whose response is known already.
    pub(crate) fn answered(response: Response, exchange: Rc<Exchange>, host: H, keep_alive: Duration) -> Self {
        Self { state: State::Answered(response.body), exchange, host, keep_alive, timer: None }
    }
}

impl<H: Host + Unpin> Stream for EventStream<H> {
    type Item = Vec<u8>;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        let this = self.get_mut();
        if let State::Running(run) = &mut this.state
            && !this.exchange.has_messages()
            && let Poll::Ready(response) = run.as_mut().poll(task)
        {
            this.state = State::Answered(response.body);
        }
        if let Some(message) = this.exchange.take() {
            this.timer = None;
            return Poll::Ready(Some(event(&message)));
        }
        match std::mem::replace(&mut this.state, State::Ended) {
            State::Running(run) => this.state = State::Running(run),
            State::Answered(response) => return Poll::Ready(Some(event(&response))),
            State::Ended => return Poll::Ready(None),
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
