//! Cloudflare's counts of how often somebody may do something. Each is a binding that a deployment may leave out, and counts
//! in each of Cloudflare's places by itself: it guards computing time, not secrets.

use worker::Env;
use worker::wasm_bindgen::JsValue;

use super::js;

/// What `Retry-After` says, in seconds: the longest period that such a limit can have.
pub(crate) const RETRY_AFTER: &str = "60";

/// A limit, by the name of its binding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit(pub(crate) &'static str);

impl Limit {
    /// Registrations for each address.
    pub(crate) const REGISTRATIONS: Self = Self("REGISTER_LIMIT");
    /// Requests to the MCP endpoints for each person and client, or for each address where nobody has signed in.
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
}
