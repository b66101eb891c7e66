//! Limits on how often somebody may do something: Cloudflare's bindings of that name. A deployment may leave each of them out.
//! Cloudflare counts in each of its locations separately, so they protect computing time, not secrets.

use std::cell::RefCell;

use worker::Env;
use worker::wasm_bindgen::JsValue;

use mcp_connector_oauth::web::counts::Counts;

use crate::platform::clock::now;
use crate::platform::js;

/// What `Retry-After` says, in seconds: the longest period that such a limit can have.
pub(crate) const RETRY_AFTER: &str = "60";

/// A limit, by the name of its binding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit(pub(crate) &'static str);

impl Limit {
    /// Registrations for each address.
    pub(crate) const REGISTRATIONS: Self = Self("REGISTER_LIMIT");
    /// Requests to the MCP endpoints for each person and client, or for each network where nobody has signed in.
    pub(crate) const CALLS: Self = Self("CALL_LIMIT");

    /// Whether the Worker has it.
    pub(crate) fn is_bound(self, env: &Env) -> bool {
        js::get(env, self.0).is_ok_and(|binding| binding.is_object())
    }

    /// Counts one more for `key`, and says whether that was one too many. A limit that is out of order limits nobody.
    pub(crate) async fn is_over(self, env: &Env, key: &str) -> bool {
        let asked = async {
            let question = js::object(&[("key", &key.into())])?;
            js::get(&js::call_async(&js::get(env, self.0)?, "limit", &[&question]).await?, "success")
        };
        asked.await.is_ok_and(|success: JsValue| success == false)
    }

    /// The same for what happens with every call: the first [`UNASKED`] of a minute are counted here, without a question to
    /// the binding.
    pub(crate) async fn is_over_beyond_usual(self, env: &Env, key: &str) -> bool {
        let is_usual = USUAL.with_borrow_mut(|counts| counts.add(key, now()) <= UNASKED);
        !is_usual && self.is_over(env, key).await
    }
}

/// Calls of one key in a minute that the isolate admits without asking the binding. Few callers make more.
const UNASKED: u32 = 60;

/// The period in which calls are counted, in seconds.
const PERIOD: u64 = 60;

/// Maximum number of keys that are counted in a period. The binding is asked about all others.
const MAX_KEYS: usize = 2048;

thread_local! {
    static USUAL: RefCell<Counts> = RefCell::new(Counts::new(PERIOD, MAX_KEYS));
}
