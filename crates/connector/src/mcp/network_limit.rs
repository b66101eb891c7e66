//! The limit of calls for the network of a request, where nobody is known who sends it: its credential is refused, or another server has to
//! be asked about it. Anybody can send one.

use worker::Env;

use crate::app::state::App;
use crate::http::incoming::Incoming;
use crate::http::limit::Limit;

/// Counts one request for its network.
pub(crate) struct NetworkLimit<'a> {
    app: &'a App,
    env: &'a Env,
    incoming: &'a Incoming,
}

impl<'a> NetworkLimit<'a> {
    pub(crate) const fn new(app: &'a App, env: &'a Env, incoming: &'a Incoming) -> Self {
        Self { app, env, incoming }
    }

    /// Counts a request whose credential is refused, among the anonymous ones. Returns whether that was one too many.
    pub(crate) async fn is_over(&self) -> bool {
        self.counts(self.incoming.network().as_str()).await
    }

    /// Counts a question to the authorization server, by a count of its own: what anonymous clients send keeps nobody out whose token is
    /// valid. Returns whether that was one too many.
    pub(crate) async fn has_asked_too_often(&self) -> bool {
        self.counts(&["asks ", self.incoming.network().as_str()].concat()).await
    }

    async fn counts(&self, key: &str) -> bool {
        self.app.limits_calls && Limit::CALLS.is_over_beyond_usual(self.env, key).await
    }
}
