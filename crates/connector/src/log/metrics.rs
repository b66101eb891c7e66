//! A data point for each request, for a Worker that is bound to a dataset of Workers Analytics Engine (`METRICS`). Columns by
//! their place, as that product has them; `docs/operating.md` names them.

use worker::Env;
use worker::js_sys::Array;
use worker::wasm_bindgen::JsValue;

use mcp_connector_protocol::{Outcome, ProtocolVersion};

use crate::log::log_line::LogLine;
use crate::platform::js;

const BINDING: &str = "METRICS";

/// The dataset, if the Worker is bound to one.
pub(crate) fn dataset(env: &Env) -> Option<JsValue> {
    js::get(env, BINDING).ok().filter(JsValue::is_object)
}

/// Writes the data point of a request. It waits for nothing, and does not try again.
pub(crate) fn write(dataset: &JsValue, line: &LogLine<'_>) {
    let texts = [
        line.route,
        line.method.unwrap_or_default(),
        line.name.unwrap_or_default(),
        line.client.unwrap_or_default(),
        line.word(),
        line.version.map_or("", ProtocolVersion::as_str),
    ];
    let code = if let Some(Outcome::Error(code)) = line.outcome { code } else { 0 };
    let texts: Array = texts.into_iter().chain(line.person).map(JsValue::from_str).collect();
    let numbers: Array =
        [line.milliseconds.into(), line.status.into(), code.into()].into_iter().map(JsValue::from_f64).collect();
    // Sampling drops the most frequent requests of one client first.
    let index = Array::of1(&line.client.unwrap_or(line.route).chars().take(32).collect::<String>().into());
    let point = js::object(&[("blobs", &texts), ("doubles", &numbers), ("indexes", &index)]);
    let _ = point.and_then(|point| js::call(dataset, "writeDataPoint", &[&point]));
}
