//! Rate limits, by Cloudflare's bindings of that name. A deployment may leave each of them out. Cloudflare counts in
//! each of its locations separately, so they protect computing time, not secrets.

use std::cell::RefCell;

use worker::Env;
use worker::wasm_bindgen::JsValue;

use mcp_connector_oauth::web::counts::Counts;

use crate::config::bindings::Binding;
use crate::platform::clock::now;
use crate::platform::js;

/// The value of `Retry-After`, in seconds: the longest period that such a limit can have.
pub(crate) const RETRY_AFTER: &str = "60";

/// A limit, by its binding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit(Binding);

impl Limit {
    /// Limits registrations, for each network.
    pub(crate) const REGISTRATIONS: Self = Self(Binding::RegisterLimit);
    /// Limits requests to the MCP endpoints, for each person and client, or for each network without a sign-in.
    pub(crate) const CALLS: Self = Self(Binding::CallLimit);

    /// Returns whether the Worker has the binding.
    pub(crate) fn is_bound(self, env: &Env) -> bool {
        self.0.is_bound(env)
    }

    /// Counts one more for `key`, and returns whether that was one too many. A limit that fails refuses nothing.
    pub(crate) async fn is_over(self, env: &Env, key: &str) -> bool {
        let asked = async {
            let question = js::object(&[("key", &key.into())])?;
            js::get(&js::call_async(&js::get(env, self.0.name())?, "limit", &[&question]).await?, "success")
        };
        asked.await.is_ok_and(|success: JsValue| success == false)
    }

    /// Counts a call. The first [`UNASKED`] of a minute are counted here, without asking the binding.
    pub(crate) async fn is_over_beyond_usual(self, env: &Env, key: &str) -> bool {
        let is_usual = USUAL.with_borrow_mut(|counts| counts.add(key, now()) <= UNASKED);
        !is_usual && self.is_over(env, key).await
    }
}

/// Number of calls of one key in a minute that the isolate admits without asking the binding. Few callers make more.
const UNASKED: u32 = 60;

/// The period in which calls are counted, in seconds.
const PERIOD: u64 = 60;

/// Maximum number of keys that are counted in a period. The binding is asked about all others.
const MAX_KEYS: usize = 2048;

thread_local! {
    static USUAL: RefCell<Counts> = RefCell::new(Counts::new(PERIOD, MAX_KEYS));
}
