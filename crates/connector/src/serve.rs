//! [`serve!`](crate::serve), and what its expansion refers to: the entry points of a Worker.

use std::future::Future;

use worker::js_sys::Promise;
use worker::wasm_bindgen::JsValue;
use worker::wasm_bindgen_futures::future_to_promise;
use worker::worker_sys::Context as RawContext;
use worker::{Context, Env, web_sys};

pub use worker::wasm_bindgen;

pub use crate::app::{answer, rehearse, start};

use crate::events::triggers;
use crate::platform::crossing::paused::promise_of;

/// Runs the `fetch` of a Worker that has its own. Returns a promise of its answer.
pub fn fetch<F, O>(handler: F, request: web_sys::Request, env: Env, context: RawContext) -> JsValue
where
    F: FnOnce(web_sys::Request, Env, Context) -> O,
    O: Future<Output = worker::Result<web_sys::Response>> + 'static,
{
    promise_of(handler(request, env, Context::new(context)))
}

/// Runs the handlers of a schedule.
pub fn scheduled(event: JsValue, env: Env) -> Promise {
    settled(triggers::scheduled(event, env))
}

/// Runs the handler of a queue with a batch of its messages.
pub fn queue(batch: JsValue, env: Env) -> Promise {
    settled(triggers::queue(batch, env))
}

fn settled(work: impl Future<Output = Result<(), JsValue>> + 'static) -> Promise {
    future_to_promise(async move { work.await.map(|()| JsValue::UNDEFINED) })
}

/// Serves a connector as a Worker: its entry points and the classes of its Durable Objects.
///
/// Takes the path of a function that returns a [`Connector`](crate::Connector). It is called while an isolate starts, when the runtime
/// has neither time, random numbers nor network, and again if the first request brings another environment. Cloudflare gives a start one
/// second of CPU time, so the function should declare what there is and leave longer work to the handlers.
///
/// ```
/// mod connector {
///     use mcp_connector::Connector;
///
///     pub(crate) fn connector() -> Connector {
///         Connector::new("notes", "1.0.0").title("Notes")
///     }
/// }
///
/// mcp_connector::serve!(connector::connector);
/// # fn main() {}
/// ```
///
/// A second argument is the path of a function that answers requests in place of [`fetch`](crate::fetch()), for a Worker that
/// has paths of its own.
///
/// The schedules and queues of the connector are served, too. A Worker that has functions of its own for them, with
/// `#[event(scheduled)]` or `#[event(queue)]` of the crate `worker`, keeps those.
#[macro_export]
macro_rules! serve {
    (@entry $connector:path, $answer:expr) => {
        const _: () = {
            use $crate::__entry::wasm_bindgen;

            #[wasm_bindgen::prelude::wasm_bindgen(start, wasm_bindgen = $crate::__entry::wasm_bindgen)]
            pub fn __start() {
                $crate::__entry::start($connector);
            }

            #[wasm_bindgen::prelude::wasm_bindgen(js_name = fetch, wasm_bindgen = $crate::__entry::wasm_bindgen)]
            pub fn __fetch(
                request: $crate::worker::web_sys::Request,
                env: $crate::worker::Env,
                context: $crate::worker::worker_sys::Context,
            ) -> $crate::worker::wasm_bindgen::JsValue {
                ($answer)(request, env, context)
            }

            #[wasm_bindgen::prelude::wasm_bindgen(js_name = __rehearse, wasm_bindgen = $crate::__entry::wasm_bindgen)]
            pub fn __rehearse(
                request: $crate::worker::web_sys::Request,
                env: $crate::worker::Env,
                context: wasm_bindgen::JsValue,
            ) {
                $crate::__entry::rehearse(&request, &env, &context);
            }

            #[wasm_bindgen::prelude::wasm_bindgen(js_name = __scheduled, wasm_bindgen = $crate::__entry::wasm_bindgen)]
            pub fn __scheduled(
                event: wasm_bindgen::JsValue,
                env: $crate::worker::Env,
                _context: wasm_bindgen::JsValue,
            ) -> $crate::worker::js_sys::Promise {
                $crate::__entry::scheduled(event, env)
            }

            #[wasm_bindgen::prelude::wasm_bindgen(js_name = __queue, wasm_bindgen = $crate::__entry::wasm_bindgen)]
            pub fn __queue(
                batch: wasm_bindgen::JsValue,
                env: $crate::worker::Env,
                _context: wasm_bindgen::JsValue,
            ) -> $crate::worker::js_sys::Promise {
                $crate::__entry::queue(batch, env)
            }
        };
    };
    ($connector:path) => {
        $crate::serve!(@entry $connector, $crate::__entry::answer);
    };
    ($connector:path, $fetch:path) => {
        $crate::serve!(@entry $connector, |request, env, context| {
            $crate::__entry::fetch($fetch, request, env, context)
        });
    };
}
