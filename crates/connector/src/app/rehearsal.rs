//! Requests that an isolate answers while it starts, before anybody has sent one.
//!
//! The runtime compiles each function of the module when it is first called, which for a first request takes longer than to answer
//! it. Cloudflare starts an isolate while a client is still connecting, and counts no CPU time for that.

use std::rc::Rc;

use worker::wasm_bindgen::{JsCast, JsValue};
use worker::{Context, Env, web_sys};

use crate::app::routing::respond_with;
use crate::app::state::{App, prepare};
use crate::http::incoming::Incoming;
use crate::platform::crossing::paused;
use crate::platform::crossing::paused::AwaitedBody;
use crate::platform::crossing::request_head::RequestHead;

/// The messages of a client that has just connected. None reaches a handler: there is no tool without a name.
const MESSAGES: [&str; 3] = [
    r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"rehearsal","version":"1"}}}"#,
    r#"{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}}"#,
    r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"","arguments":{}}}"#,
];

/// Prepares the connector and has it answer requests that nobody has sent, which leave no line in the log and count as no call.
/// `request` is a POST to the MCP endpoint, whose body is not read. Without a connector nothing is done, and the first request says so.
pub fn rehearse(request: &web_sys::Request, env: &Env, context: &JsValue) {
    let _ = prepare(env, |app| answer_messages(app, request, env, context));
}

fn answer_messages(app: &Rc<App>, request: &web_sys::Request, env: &Env, context: &JsValue) {
    for message in MESSAGES {
        let body = Rc::new(AwaitedBody::default());
        let incoming = Incoming::new(Clone::clone(request), RequestHead::of(request), Some(Rc::clone(&body)));
        incoming.request_log().suppress();
        let (app, env, context) = (Rc::clone(app), env.clone(), Context::new(context.clone().unchecked_into()));
        let work = Box::pin(async move { respond_with(&app, incoming, env, context).await });
        paused::finish(work, &body, message.as_bytes().to_vec());
    }
}
