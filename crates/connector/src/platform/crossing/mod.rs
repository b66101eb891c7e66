//! How a request comes from JavaScript into the module, and its answer goes back: with one call each way. `crossing.js` beside this
//! file is the other side. A call costs more than what it carries, and a request has a dozen headers that matter.

pub(crate) mod paused;
pub(crate) mod request_head;
pub(crate) mod reused;

use worker::wasm_bindgen::JsValue;
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::web_sys::{Request, Response};

#[wasm_bindgen(module = "/src/platform/crossing/crossing.js")]
extern "C" {
    /// Names the headers that [`head`] hands over: of every request, and of a POST. The names are separated by spaces.
    #[wasm_bindgen(js_namespace = request)]
    fn names(all: &str, post: &str);

    #[wasm_bindgen(js_namespace = request)]
    fn head(request: &Request) -> String;

    /// Returns the answer with the usual status and headers.
    #[wasm_bindgen(js_namespace = response, catch)]
    fn usual(id: &str, body: &[u8]) -> Result<Response, JsValue>;

    /// Returns the same with the id of a session.
    #[wasm_bindgen(js_namespace = response, catch)]
    fn opening(id: &str, session: &str, body: &[u8]) -> Result<Response, JsValue>;

    #[wasm_bindgen(js_namespace = response, catch)]
    fn bytes(status: u16, head: &str, id: &str, body: &[u8]) -> Result<Response, JsValue>;

    #[wasm_bindgen(js_namespace = response, catch)]
    fn stream(status: u16, head: &str, id: &str, body: &JsValue) -> Result<Response, JsValue>;
}

/// The status of [`usual_response`].
pub(crate) const USUAL_STATUS: u16 = 200;
/// The headers of [`usual_response`], which are those of nearly every answer to a call. They are made once.
pub(crate) const USUAL_HEADERS: [(&str, &str); 2] = [("content-type", "application/json"), ("vary", "origin")];

/// Returns an answer with [`USUAL_STATUS`], [`USUAL_HEADERS`] and the id of the request.
///
/// # Errors
///
/// Fails where the runtime does not take the answer.
pub(crate) fn usual_response(id: &str, body: &[u8]) -> Result<Response, JsValue> {
    usual(id, body)
}

/// Returns the same answer with the id of the session that begins with it.
///
/// # Errors
///
/// Fails where the runtime does not take the answer.
pub(crate) fn opening_response(id: &str, session: &str, body: &[u8]) -> Result<Response, JsValue> {
    opening(id, session, body)
}

/// What an answer sends after its headers.
pub(crate) enum ResponseBody<'a> {
    /// Bytes, which are copied.
    Bytes(&'a [u8]),
    /// A stream of the runtime.
    Stream(&'a JsValue),
    Empty,
}

/// Returns an answer with any status, the headers of [`head_of`], and the id of the request.
///
/// # Errors
///
/// Fails if a header has a value that no header can have.
pub(crate) fn response(status: u16, head: &str, id: &str, body: &ResponseBody<'_>) -> Result<Response, JsValue> {
    match body {
        ResponseBody::Bytes(body) => bytes(status, head, id, body),
        ResponseBody::Stream(body) => stream(status, head, id, body),
        ResponseBody::Empty => stream(status, head, id, &JsValue::NULL),
    }
}

/// Returns headers as they go to JavaScript: a line with a name and one with a value for each.
///
/// # Errors
///
/// Fails if a value holds the end of a line.
pub(crate) fn head_of<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Result<String, JsValue> {
    let mut lines = Vec::new();
    for (name, value) in headers {
        if value.contains('\n') {
            return Err(JsValue::from_str("a header holds the end of a line"));
        }
        lines.extend([name, value]);
    }
    Ok(lines.join("\n"))
}
