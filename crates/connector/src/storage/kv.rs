//! [`Kv`]: a key-value store of the connector.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::Env;
use worker::js_sys::Array;
use worker::wasm_bindgen::JsValue;

use crate::platform::js;
use crate::storage::binding_error::{Binding, BindingError, Resource};

/// A KV namespace, returned by [`Context::kv`](crate::Context::kv). Values are JSON, typed by serde.
///
/// KV is close to every reader and slow to change: a write is seen elsewhere within a minute. A key is at most 512 bytes.
///
/// ```
/// use std::time::Duration;
///
/// use mcp_connector::{Context, ToolError};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Notice {
///     text: String,
///     urgent: bool,
/// }
///
/// async fn post(text: String, cx: Context) -> Result<&'static str, ToolError> {
///     let board = cx.kv("BOARD")?;
///     let before: Option<Notice> = board.get("notice").await?;
///     board.put_for("notice", &Notice { text, urgent: before.is_none() }, Duration::from_secs(3600)).await?;
///     Ok("It is on the board for an hour.")
/// }
/// ```
pub struct Kv(Binding);

impl Kv {
    /// Returns the one that is bound as `binding`.
    pub(crate) fn bound(env: &Env, binding: &str) -> Result<Self, BindingError> {
        Resource::KvNamespace.of(env, binding).map(Self)
    }

    /// The shortest time after which an entry can expire.
    pub const MIN_EXPIRY: Duration = Duration::from_mins(1);

    /// Returns the value at `key`, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// Fails if KV does, or the value is not JSON that fits `T`.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, BindingError> {
        let text = self.text(key).await?;
        text.map(|text| serde_json::from_str(&text)).transpose().map_err(|error| self.0.unexpected(&error))
    }

    /// Returns the value at `key` as it is, for text that is not JSON: what `wrangler kv key put` wrote.
    ///
    /// # Errors
    ///
    /// Fails if KV does.
    pub async fn text(&self, key: &str) -> Result<Option<String>, BindingError> {
        Ok(self.call("get", &[&key.into()]).await?.as_string())
    }

    /// Writes a value without an end.
    ///
    /// # Errors
    ///
    /// Fails if KV does, or the value cannot be written as JSON.
    pub async fn put(&self, key: &str, value: &(impl Serialize + ?Sized)) -> Result<(), BindingError> {
        let json = json(value)?;
        self.call("put", &[&key.into(), &json]).await.map(drop)
    }

    /// Writes a value that expires after `time`: [`MIN_EXPIRY`](Self::MIN_EXPIRY) or longer.
    ///
    /// # Errors
    ///
    /// Fails if KV does, the time is too short, or the value cannot be written as JSON.
    pub async fn put_for(
        &self,
        key: &str,
        value: &(impl Serialize + ?Sized),
        time: Duration,
    ) -> Result<(), BindingError> {
        if time < Self::MIN_EXPIRY {
            return Err(BindingError::Value("An entry in KV lives for 60 seconds or longer.".to_owned()));
        }
        let json = json(value)?;
        #[allow(clippy::cast_precision_loss, reason = "a number of seconds")]
        let seconds = JsValue::from(time.as_secs() as f64);
        let options = js::object(&[("expirationTtl", &seconds)]).map_err(|error| self.0.failed(&error))?;
        self.call("put", &[&key.into(), &json, &options]).await.map(drop)
    }

    /// Removes what is at `key`, if there is something.
    ///
    /// # Errors
    ///
    /// Fails if KV does.
    pub async fn delete(&self, key: &str) -> Result<(), BindingError> {
        self.call("delete", &[&key.into()]).await.map(drop)
    }

    /// Returns the keys that begin with `prefix`, in order: the first thousand.
    ///
    /// # Errors
    ///
    /// Fails if KV does.
    pub async fn list(&self, prefix: &str) -> Result<Vec<String>, BindingError> {
        let options = js::object(&[("prefix", &prefix.into())]).map_err(|error| self.0.failed(&error))?;
        let page = self.call("list", &[&options]).await?;
        let keys = js::get(&page, "keys").map_err(|error| self.0.failed(&error))?;
        let name = |key: JsValue| js::get(&key, "name").ok().and_then(|name| name.as_string());
        Ok(Array::from(&keys).iter().filter_map(name).collect())
    }

    async fn call(&self, method: &str, arguments: &[&JsValue]) -> Result<JsValue, BindingError> {
        js::call_async(self.0.object(), method, arguments).await.map_err(|error| self.0.failed(&error))
    }
}

fn json(value: &(impl Serialize + ?Sized)) -> Result<JsValue, BindingError> {
    let json = serde_json::to_string(value);
    Ok(json.map_err(|error| BindingError::Value(format!("A value cannot be written as JSON: {error}.")))?.into())
}
