//! The limit of calls for the network of a request, where nobody is known who sends it: its credential is refused, or another server has to
//! be asked about it. Anybody can send one.

use std::cell::Cell;

use worker::Env;

use crate::app::state::App;
use crate::http::incoming::Incoming;
use crate::http::limit::Limit;

/// Counts one request for its network, once at most.
pub(crate) struct NetworkLimit<'a> {
    app: &'a App,
    env: &'a Env,
    incoming: &'a Incoming,
    /// The answer, once the request is counted.
    is_over: Cell<Option<bool>>,
}

impl<'a> NetworkLimit<'a> {
    pub(crate) const fn new(app: &'a App, env: &'a Env, incoming: &'a Incoming) -> Self {
        Self { app, env, incoming, is_over: Cell::new(None) }
    }

    /// Counts the request the first time, and returns whether that was one too many.
    pub(crate) async fn is_over(&self) -> bool {
        if let Some(is_over) = self.is_over.get() {
            return is_over;
        }
        let is_over = self.app.limits_calls
            && Limit::CALLS.is_over_beyond_usual(self.env, self.incoming.network().as_str()).await;
        self.is_over.set(Some(is_over));
        is_over
    }
}
