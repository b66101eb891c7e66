//! [`serve!`](crate::serve), and what its expansion refers to: the entry points of a Worker.

use std::future::Future;

use worker::wasm_bindgen::JsValue;
use worker::worker_sys::Context as RawContext;
use worker::{Context, Env, web_sys};

pub use worker::wasm_bindgen;

pub use crate::app::{answer, start};

use crate::platform::crossing::paused::promise_of;

/// Runs the `fetch` of a Worker that has its own. Returns a promise of its answer.
pub fn fetch<F, O>(handler: F, request: web_sys::Request, env: Env, context: RawContext) -> JsValue
where
    F: FnOnce(web_sys::Request, Env, Context) -> O,
    O: Future<Output = worker::Result<web_sys::Response>> + 'static,
{
    promise_of(handler(request, env, Context::new(context)))
}

/// Serves a connector as a Worker: its entry points and the classes of its Durable Objects.
///
/// Takes the path of a function that returns a [`Connector`](crate::Connector). It is called once for each isolate.
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
