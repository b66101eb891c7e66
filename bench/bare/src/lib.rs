//! The bare Worker of the benchmark: bytes in, `serde_json`, bytes out, and no protocol.
//!
//! What a request costs here is the price of the runtime, of crossing into WebAssembly and of one JSON round trip;
//! what the connector spends above it is the protocol. It uses the raw `web_sys` types and keeps its `ResponseInit`,
//! so that the measure is the cheapest Rust Worker and not merely a simple one.

use serde_json::Value;
use worker::js_sys::{ArrayBuffer, Uint8Array};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{Headers, Request, Response, ResponseInit};
use worker::{Context, Env, Result, event};

thread_local! {
    // Building headers and init costs about four microseconds, and they are the same for every answer.
    static JSON: ResponseInit = json_init();
}

#[event(fetch)]
async fn fetch(request: Request, _env: Env, _context: Context) -> Result<Response> {
    let buffer: ArrayBuffer = JsFuture::from(request.array_buffer()?).await?.into();
    let body = Uint8Array::new(&buffer).to_vec();
    // A request without a body, such as the GET of a metadata document, echoes as `null`.
    let value: Value = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? };
    let answer = Uint8Array::from(serde_json::to_vec(&value)?.as_slice());
    Ok(JSON.with(|init| Response::new_with_opt_js_u8_array_and_init(Some(&answer), init))?)
}

fn json_init() -> ResponseInit {
    let init = ResponseInit::new();
    if let Ok(headers) = Headers::new() {
        // Setting a constant, valid header cannot fail; without it the answer would still be measured the same.
        let _ = headers.set("content-type", "application/json");
        init.set_headers(&headers);
    }
    init
}
