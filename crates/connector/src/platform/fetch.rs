//! `fetch` of the runtime: without redirects, and with a time limit.

use std::time::Duration;

use worker::js_sys::global;
use worker::wasm_bindgen::{JsCast as _, JsValue};
use worker::web_sys::{AbortSignal, Headers, RequestInit, RequestRedirect, Response};

use crate::platform::js;

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FetchError {
    /// The answer or its body was not there in time.
    TimedOut,
    /// There was no connection, or it broke.
    Unreachable,
}

impl From<JsValue> for FetchError {
    fn from(error: JsValue) -> Self {
        let name = js::get(&error, "name").ok().and_then(|name| name.as_string());
        if name.as_deref() == Some("TimeoutError") { Self::TimedOut } else { Self::Unreachable }
    }
}

/// Sends a request and returns the answer, whatever its status. `limit` is for the answer and its body.
pub(crate) async fn fetch<'a>(
    method: &str,
    url: &str,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    body: Option<&JsValue>,
    limit: Duration,
) -> Result<Response, FetchError> {
    fetch_by(&global(), method, url, headers, body, limit).await
}

/// The same by the `fetch` of a Service Binding.
pub(crate) async fn fetch_by<'a>(
    fetcher: &JsValue,
    method: &str,
    url: &str,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    body: Option<&JsValue>,
    limit: Duration,
) -> Result<Response, FetchError> {
    let init = request(method, headers, body, limit)?;
    let answer = js::call_async(fetcher, "fetch", &[&JsValue::from_str(url), &init]).await?;
    Ok(answer.dyn_into()?)
}

fn request<'a>(
    method: &str,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    body: Option<&JsValue>,
    limit: Duration,
) -> Result<RequestInit, FetchError> {
    let all = Headers::new()?;
    for (name, value) in headers {
        all.append(name, value)?;
    }
    let init = RequestInit::new();
    init.set_method(method);
    init.set_headers(&all);
    if let Some(body) = body {
        init.set_body(body);
    }
    init.set_redirect(RequestRedirect::Manual);
    let milliseconds = u32::try_from(limit.as_millis()).unwrap_or(u32::MAX);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(milliseconds)));
    Ok(init)
}

/// Returns the body of an answer, or none if it is longer than `limit`.
pub(crate) async fn body(response: &Response, limit: usize) -> Result<Option<Vec<u8>>, FetchError> {
    match response.body() {
        Some(stream) => Ok(js::bytes_of(&stream, limit).await?),
        None => Ok(Some(Vec::new())),
    }
}

/// Tells the other side that nobody reads its answer.
pub(crate) fn discard(response: &Response) {
    if let Some(stream) = response.body() {
        drop(stream.cancel());
    }
}
