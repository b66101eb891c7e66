//! JavaScript of the runtime that has no typed wrapper, called by name.

use worker::js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{ReadableStream, ReadableStreamDefaultReader};

#[wasm_bindgen]
extern "C" {
    /// `console.log`.
    #[wasm_bindgen(js_namespace = console)]
    pub(crate) fn log(text: &str);
}

/// Returns `target.name`.
pub(crate) fn get(target: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    Reflect::get(target, &JsValue::from_str(name))
}

/// Returns whether two objects have the same members, each the same value.
pub(crate) fn have_same_members(one: &JsValue, other: &JsValue) -> bool {
    let (Ok(names), Ok(others)) = (Reflect::own_keys(one), Reflect::own_keys(other)) else { return false };
    let is_same = |name: JsValue| Reflect::get(one, &name).is_ok_and(|value| Reflect::get(other, &name) == Ok(value));
    names.length() == others.length() && names.iter().all(is_same)
}

/// Calls `target.method(…arguments)`.
pub(crate) fn call(target: &JsValue, method: &str, arguments: &[&JsValue]) -> Result<JsValue, JsValue> {
    let method: Function = get(target, method)?.dyn_into()?;
    let arguments: Array = arguments.iter().collect();
    method.apply(target, &arguments)
}

/// Calls `target.method(…arguments)` and waits for its promise.
pub(crate) async fn call_async(target: &JsValue, method: &str, arguments: &[&JsValue]) -> Result<JsValue, JsValue> {
    let promise: Promise = call(target, method, arguments)?.dyn_into()?;
    JsFuture::from(promise).await
}

/// Returns `new scope.class(…arguments)`.
pub(crate) fn construct(scope: &JsValue, class: &str, arguments: &[&JsValue]) -> Result<JsValue, JsValue> {
    let class: Function = get(scope, class)?.dyn_into()?;
    let arguments: Array = arguments.iter().collect();
    Reflect::construct(&class, &arguments)
}

/// Returns `{ name: value, … }`.
pub(crate) fn object(members: &[(&str, &JsValue)]) -> Result<JsValue, JsValue> {
    let object = Object::new();
    for (name, value) in members {
        Reflect::set(&object, &JsValue::from_str(name), value)?;
    }
    Ok(object.into())
}

/// Returns the bytes of a stream, if there are no more than `limit` of them. What lies beyond is not read.
pub(crate) async fn bytes_of(stream: &ReadableStream, limit: usize) -> Result<Option<Vec<u8>>, JsValue> {
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let mut bytes = Vec::new();
    loop {
        let part = JsFuture::from(reader.read()).await?;
        if get(&part, "done")?.is_truthy() {
            return Ok(Some(bytes));
        }
        let chunk: Uint8Array = get(&part, "value")?.dyn_into()?;
        if bytes.len() + usize::try_from(chunk.length()).unwrap_or(usize::MAX) > limit {
            // Nobody waits for the other side to hear of it.
            drop(reader.cancel());
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk.to_vec());
    }
}
