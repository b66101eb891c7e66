//! [`serve!`](crate::serve), and what its expansion refers to: the entry points of a Worker.

use std::future::Future;

use worker::js_sys::Promise;
use worker::wasm_bindgen::JsValue;
use worker::wasm_bindgen_futures::future_to_promise;
use worker::worker_sys::Context as RawContext;
use worker::{Context, Env, console_error, web_sys};

pub use worker::wasm_bindgen;

pub use crate::app::start;

/// Runs the `fetch` of a Worker and resolves to its answer.
pub fn fetch<F, O>(handler: F, request: web_sys::Request, env: Env, context: RawContext) -> Promise
where
    F: FnOnce(web_sys::Request, Env, Context) -> O,
    O: Future<Output = worker::Result<web_sys::Response>> + 'static,
{
    let answer = handler(request, env, Context::new(context));
    future_to_promise(async move {
        answer.await.map(JsValue::from).map_err(|error| {
            console_error!("{error}");
            JsValue::from(error)
        })
    })
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
    ($connector:path) => {
        $crate::serve!($connector, $crate::fetch);
    };
    ($connector:path, $fetch:path) => {
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
            ) -> $crate::worker::js_sys::Promise {
                $crate::__entry::fetch($fetch, request, env, context)
            }
        };
    };
}
