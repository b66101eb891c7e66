//! A connector behind a URL, and how it behaves.

use std::rc::Rc;
use std::time::Duration;

use crate::author::registry::Registry;
use crate::call::call_state::CallState;
use crate::host::bundle::Host;
use crate::json_rpc::request_id::RequestId;
use crate::methods::request_context::RequestContext;
use crate::methods::runner::Runner;
use mcp_connector_base::caller::Caller;

/// How an endpoint behaves.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Maximum number of items on one page of a list.
    pub page_size: usize,
    /// An answer that takes longer becomes a stream, for clients that accept one.
    pub patience: Duration,
    /// How long a stream is silent before it sends a comment.
    pub keep_alive: Duration,
    /// How long a handler may run.
    pub time_limit: Duration,
}

/// A connector behind a URL.
pub struct Endpoint<H> {
    /// The connector.
    pub registry: Rc<Registry<H>>,
    /// Its settings.
    pub settings: Settings,
}

impl<H: Host> Endpoint<H> {
    /// Returns what carries out the request `id`.
    pub(crate) fn runner(
        &self,
        id: RequestId,
        host: H,
        caller: Option<Caller>,
        call_state: Rc<CallState>,
    ) -> Runner<H> {
        let Settings { time_limit, patience, .. } = self.settings;
        let request = RequestContext { id, registry: Rc::clone(&self.registry), host, caller, call_state };
        Runner { request: Rc::new(request), time_limit, patience }
    }
}
