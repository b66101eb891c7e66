//! The starter connector as a Worker of its own. The tests of the library speak about its tools; a project that has replaced
//! them runs those tests against this one. `connector.rs` and what it includes are those of the template's `src/`.

mod connector;

// What the connector finds under `crate::`.
use mcp_connector::{caller, mcp, worker};

#[::worker::event(start)]
fn start() {
    worker::start(connector::connector);
}

#[::worker::event(fetch)]
async fn fetch(
    request: ::worker::web_sys::Request,
    env: ::worker::Env,
    context: ::worker::Context,
) -> ::worker::Result<::worker::web_sys::Response> {
    worker::serve(request, env, context).await
}
