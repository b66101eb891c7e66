//! The calls that run in the object of a session of 2024-11-05.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;

use worker::wasm_bindgen_futures::spawn_local;

use mcp_connector_protocol::{Event, Fault, Interrupted};

use crate::platform::instance::{Work, lost_work};

/// Maximum number of calls that run in a session at a time.
const MAX_CALLS: usize = 32;

/// The calls that run in an object.
#[derive(Default)]
pub(crate) struct Calls(Rc<Cell<usize>>);

impl Calls {
    /// Runs `call` of a session to its end. If its instance dies, the object is told its name in the log and `note`.
    pub(crate) fn run(&self, session: &str, (reference, note): (&str, &str), call: impl Future<Output = ()> + 'static) {
        let work = Work::begin(session, reference, note);
        let running = Rc::clone(&self.0);
        running.set(running.get() + 1);
        spawn_local(async move {
            work.number().run(pin!(call)).await;
            running.set(running.get().saturating_sub(1));
        });
    }

    pub(crate) fn are_too_many(&self) -> bool {
        self.0.get() >= MAX_CALLS
    }
}

/// Returns the errors of the calls of a session whose instance has died, for its stream. They come once, and are the last events
/// on it.
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
