//! A remote MCP server on Cloudflare Workers. This file holds the Worker's entry points; `connector.rs` is the one to edit.

pub mod caller;
#[cfg(feature = "entry")]
mod connector;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod json;
pub mod mcp;
pub mod oauth;
pub mod worker;

#[cfg(feature = "entry")]
#[::worker::event(start)]
fn start() {
    worker::start(connector::connector);
}

#[cfg(feature = "entry")]
#[::worker::event(fetch)]
async fn fetch(
    request: ::worker::web_sys::Request,
    env: ::worker::Env,
    context: ::worker::Context,
) -> ::worker::Result<::worker::web_sys::Response> {
    worker::serve(request, env, context).await
}
