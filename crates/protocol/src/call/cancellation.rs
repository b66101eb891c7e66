//! Calls that are stopped before their end, until 2025-11-25: their client cancels them with a notification, or ends their
//! session ("Cancellation", "Session Management"). From 2026-07-28 on a client cancels by closing the stream of the call.
//!
//! The notification arrives in another request, maybe in another isolate. The object of the session brings it to the call. Only a
//! call that lasts asks the object, so that short calls cost nothing more.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use crate::call::call_state::CallState;
use crate::call::time_limit::unless;
use crate::host::platform::Platform;
use crate::host::sessions::{Sessions, Stop};
use crate::json_rpc::request_id::RequestId;
use crate::transport::session::SessionId;
use mcp_connector_base::identifier::Subject;

/// A request that can be stopped.
#[derive(Clone, Copy)]
pub(crate) struct Stoppable<'a> {
    pub(crate) session: &'a SessionId,
    pub(crate) call_state: &'a CallState,
    pub(crate) owner: Option<&'a Subject>,
    pub(crate) id: &'a RequestId,
    /// How long a call runs before it asks whether to stop. It asks at once if its client can resume its stream.
    pub(crate) patience: Duration,
}

impl Stoppable<'_> {
    /// Returns the output of `work`, or why it was stopped; then it is dropped.
    pub(crate) async fn run<T>(
        self,
        work: impl Future<Output = T>,
        host: &(impl Platform + Sessions),
    ) -> Result<T, Stop> {
        let stop = async || {
            let mut patience = Some(Box::pin(host.sleep(self.patience)));
            self.lasts(&mut patience).await;
            loop {
                match host.stop(self.session, self.owner, self.id, self.call_state.stream()).await {
                    Stop::Resumed => self.call_state.leave_stream(),
                    Stop::Cancelled => return Stop::Cancelled,
                    Stop::SessionEnded => {
                        // A call that waits for a response learns of the end too, and reports it with a text of its own.
                        if let Some(patience) = patience {
                            patience.await;
                        }
                        return Stop::SessionEnded;
                    }
                }
            }
        };
        unless(work, stop).await
    }

    /// Waits until `patience` is over, and then sets it to `None`, or until the stream has a name.
    async fn lasts<F: Future<Output = ()>>(self, patience: &mut Option<Pin<Box<F>>>) {
        poll_fn(|task| {
            if self.call_state.stream().is_some() {
                return Poll::Ready(());
            }
            if patience.as_mut().is_none_or(|patience| patience.as_mut().poll(task).is_ready()) {
                *patience = None;
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }
}
