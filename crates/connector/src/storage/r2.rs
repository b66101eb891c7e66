//! [`R2`]: a bucket of the connector, for objects that fit into memory.

use worker::Env;
use worker::js_sys::{Array, ArrayBuffer, Uint8Array};
use worker::wasm_bindgen::{JsCast, JsValue};

use crate::platform::js;
use crate::storage::binding_error::{Binding, BindingError, Resource};

/// An R2 bucket, returned by [`Context::r2`](crate::Context::r2), for objects of at most [`MAX_BYTES`](Self::MAX_BYTES).
///
/// ```
/// use mcp_connector::{Context, ToolError};
///
/// async fn keep(text: String, cx: Context) -> Result<String, ToolError> {
///     let files = cx.r2("FILES")?;
///     let key = format!("{}/note.txt", cx.subject()?);
///     let before = files.text(&key).await?;
///     files.put(&key, "text/plain", text).await?;
///     Ok(before.unwrap_or_else(|| "There was none.".to_owned()))
/// }
/// ```
pub struct R2(Binding);

impl R2 {
    /// Returns the one that is bound as `binding`.
    pub(crate) fn bound(env: &Env, binding: &str) -> Result<Self, BindingError> {
        Resource::R2Bucket.of(env, binding).map(Self)
    }

    /// The size of the largest object that is read or written here, in bytes. An isolate has 128 MB for all its requests.
    pub const MAX_BYTES: usize = 16 << 20;

    /// Returns the object at `key`, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// Fails if R2 does, or the object is too large.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, BindingError> {
        let object = self.call(self.0.object(), "get", &[&key.into()]).await?;
        if object.is_null() {
            return Ok(None);
        }
        if size_of(&object) > Self::MAX_BYTES as u64 {
            if let Ok(body) = js::get(&object, "body") {
                drop(js::call(&body, "cancel", &[]));
            }
            return Err(too_large());
        }
        let bytes = self.call(&object, "arrayBuffer", &[]).await?;
        let bytes: ArrayBuffer = bytes.dyn_into().map_err(|error| self.0.failed(&error))?;
        Ok(Some(Uint8Array::new(&bytes).to_vec()))
    }

    /// Returns the object at `key` as text, or `None` if there is none. Bytes that are not UTF-8 are replaced.
    ///
    /// # Errors
    ///
    /// Fails as [`get`](Self::get) does.
    pub async fn text(&self, key: &str) -> Result<Option<String>, BindingError> {
        Ok(self.get(key).await?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Writes an object of this media type, over an older one.
    ///
    /// # Errors
    ///
    /// Fails if R2 does, or the object is too large.
    pub async fn put(&self, key: &str, content_type: &str, bytes: impl AsRef<[u8]>) -> Result<(), BindingError> {
        let bytes = bytes.as_ref();
        if bytes.len() > Self::MAX_BYTES {
            return Err(too_large());
        }
        let metadata = js::object(&[("contentType", &content_type.into())]);
        let options = metadata.and_then(|metadata| js::object(&[("httpMetadata", &metadata)]));
        let options = options.map_err(|error| self.0.failed(&error))?;
        self.call(self.0.object(), "put", &[&key.into(), &Uint8Array::from(bytes), &options]).await.map(drop)
    }

    /// Removes the object at `key`, if there is one.
    ///
    /// # Errors
    ///
    /// Fails if R2 does.
    pub async fn delete(&self, key: &str) -> Result<(), BindingError> {
        self.call(self.0.object(), "delete", &[&key.into()]).await.map(drop)
    }

    /// Returns the objects whose keys begin with `prefix`, in order: key and size in bytes of the first thousand.
    ///
    /// # Errors
    ///
    /// Fails if R2 does.
    pub async fn list(&self, prefix: &str) -> Result<Vec<(String, u64)>, BindingError> {
        let options = js::object(&[("prefix", &prefix.into())]).map_err(|error| self.0.failed(&error))?;
        let page = self.call(self.0.object(), "list", &[&options]).await?;
        let objects = js::get(&page, "objects").map_err(|error| self.0.failed(&error))?;
        let entry = |object: JsValue| Some((js::get(&object, "key").ok()?.as_string()?, size_of(&object)));
        Ok(Array::from(&objects).iter().filter_map(entry).collect())
    }

    async fn call(&self, target: &JsValue, method: &str, arguments: &[&JsValue]) -> Result<JsValue, BindingError> {
        js::call_async(target, method, arguments).await.map_err(|error| self.0.failed(&error))
    }
}

/// Returns the size of an object, in bytes.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number far below 2^53")]
fn size_of(object: &JsValue) -> u64 {
    js::get(object, "size").ok().and_then(|size| size.as_f64()).unwrap_or(0.0) as u64
}

fn too_large() -> BindingError {
    BindingError::Value(format!("A file has more than {} MiB, the most that is kept in memory.", R2::MAX_BYTES >> 20))
}
