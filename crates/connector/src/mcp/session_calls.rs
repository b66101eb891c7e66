//! What is posted to a session of 2024-11-05, carried out in the session's object: behind its 202, a Worker would have half a
//! minute for it, and questions to a person take longer. The object works on as long as somebody holds its stream. Whether the
//! caller may do this was decided before.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use worker::wasm_bindgen_futures::spawn_local;

use mcp_connector_base::caller::Caller;
use mcp_connector_protocol::{Event, Fault, Interrupted, Posted, Reply, SessionId};

use crate::app::state::app;
use crate::http::answer::Answer;
use crate::objects::session::SessionObject;
use crate::platform::instance::{Work, lost_work};
use crate::request_log::request_log::{Continued, RequestLog};

/// Most calls that run in a session at a time.
const MAX_CALLS: usize = 32;

/// A message, and what its object needs to carry it out.
#[derive(Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) session: String,
    pub(crate) body: Vec<u8>,
    pub(crate) caller: Option<Caller>,
    pub(crate) visit: Continued,
}

/// What is answered to it: a status, and JSON if there is anything to say. The answer of a call goes on the stream.
#[derive(Serialize, Deserialize)]
pub(crate) struct Taken {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// The calls that run in an object.
#[derive(Default)]
pub(crate) struct Calls(Rc<Cell<usize>>);

impl Calls {
    /// Runs `call` of a session to its end. If its instance dies, the object is told its name in the log and `note`.
    pub(crate) fn run(&self, session: &str, (reference, note): (&str, &str), call: impl Future<Output = ()> + 'static) {
        let work = Work::begin(session, reference, note);
        let running = Rc::clone(&self.0);
        running.set(running.get().saturating_add(1));
        spawn_local(async move {
            work.number().run(pin!(call)).await;
            running.set(running.get().saturating_sub(1));
        });
    }

    fn are_too_many(&self) -> bool {
        self.0.get() >= MAX_CALLS
    }
}

impl SessionObject {
    /// Takes a message. Of a session in which something was `agreed` on it has the version and the capabilities.
    pub(crate) async fn take(self: &Rc<Self>, message: Message, agreed: Option<[u8; 2]>) -> worker::Result<Taken> {
        let Message { session, body, caller, visit } = message;
        let app = app(&self.env).map_err(|error| worker::Error::RustError(error.to_string()))?;
        let (Some(session), Ok(posted)) =
            (SessionId::parse(&session), Posted::read(&body, app.configuration.max_body_bytes))
        else {
            return Err("no message".into());
        };
        if posted.is_request() && self.calls.are_too_many() {
            return Ok(Reply::refused_unread(429, "Too many calls are running in this session.").into());
        }
        let session = match agreed {
            Some(agreed) => session.having_agreed(agreed),
            None => session,
        };
        let visit = Rc::new(RequestLog::resume(visit, app.configuration.log, app.metrics.as_ref()));
        if visit.is_heard() {
            visit.asks(posted.summary(&|_: &str| None, &app.endpoint.registry));
        }
        let interrupted = posted.if_interrupted(&app.endpoint.registry);
        let note = interrupted.and_then(|interrupted| serde_json::to_string(&interrupted).ok()).unwrap_or_default();
        let host = app.host(&self.env).in_session(session.clone(), Rc::clone(self), Rc::clone(&visit), note.into());
        let taken: Taken = posted.take(session, &app.endpoint, host, caller).await.into();
        if taken.body.is_empty() {
            // The line in the log is written here, when the call has ended.
            visit.leaves(&Answer::empty(taken.status));
        } else {
            visit.suppress();
        }
        Ok(taken)
    }
}

/// Returns the errors of the calls of a session whose instance has died, for its stream. They come once, and are the last on
/// it.
pub(crate) fn lost_calls(session: &str) -> Vec<Event> {
    let mut events: Vec<Event> = lost_work(session)
        .into_iter()
        .filter_map(|lost| {
            let interrupted: Interrupted = serde_json::from_str(lost.details()?).ok()?;
            let fault = if lost.was_running { Fault::Own } else { Fault::Other };
            Some(Event { number: 0, message: interrupted.body(fault, lost.reference()?), is_last: false })
        })
        .collect();
    if let Some(last) = events.last_mut() {
        last.is_last = true;
    }
    events
}

impl From<Reply> for Taken {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Json { status, body, .. } => Self { status, body },
            // This transport answers nothing else.
            Reply::Accepted | Reply::Events(_) | Reply::Listen(_) => Self { status: 202, body: Vec::new() },
        }
    }
}
