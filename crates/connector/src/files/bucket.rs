//! The R2 bucket in which files are kept. Bodies go from and to the runtime's own streams, without passing this program.

use thiserror::Error;
use worker::Env;
use worker::js_sys::{Array, Uint8Array};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::web_sys::ReadableStream;

use mcp_connector_protocol::ToolError;

use crate::config::bindings::r2_lines;
use crate::files::disposition::{decode, encode};
use crate::files::downloads::range::ByteRange;
use crate::files::uploads::content::OCTET_STREAM;
use crate::platform::js;

/// The bucket, by its binding.
#[derive(Clone, Debug)]
pub(crate) struct Bucket(JsValue);

/// The bucket did not do what it was asked for.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the storage of files does not answer; try again in a moment")]
pub(crate) struct BucketError;

/// What is known of a file without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) size: u64,
    /// Its entity tag, in quotes (RFC 9110 §8.8.3).
    pub(crate) etag: String,
    /// What its sender has said of it.
    pub(crate) description: Description,
}

/// What the sender of a file says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Description {
    pub(crate) content_type: String,
    pub(crate) name: Option<String>,
}

/// An upload in parts. Until it is complete, the bucket shows nothing of it.
pub(crate) struct MultipartUpload {
    upload: JsValue,
    parts: Array,
}

impl From<JsValue> for BucketError {
    fn from(_: JsValue) -> Self {
        Self
    }
}

impl Bucket {
    /// Returns the bucket behind a binding. A variable of the same name is none.
    pub(crate) fn bound(env: &Env, binding: &str) -> Option<Self> {
        js::get(env, binding).ok().filter(JsValue::is_object).map(Self)
    }

    /// Returns what is known of an object, if there is one.
    pub(crate) async fn head(&self, object: &str) -> Result<Option<Metadata>, BucketError> {
        let found = js::call_async(&self.0, "head", &[&object.into()]).await?;
        if found.is_null() { Ok(None) } else { Metadata::of(&found).map(Some) }
    }

    /// Returns an object with the stream of all of it or of a part.
    pub(crate) async fn get(
        &self,
        object: &str,
        part: Option<ByteRange>,
    ) -> Result<Option<(Metadata, ReadableStream)>, BucketError> {
        let range = match part {
            Some(part) => js::object(&[("offset", &number(part.offset)), ("length", &number(part.length))])?,
            None => JsValue::UNDEFINED,
        };
        let options = js::object(&[("range", &range)])?;
        let found = js::call_async(&self.0, "get", &[&object.into(), &options]).await?;
        if found.is_null() {
            return Ok(None);
        }
        let body: ReadableStream = js::get(&found, "body")?.dyn_into()?;
        Ok(Some((Metadata::of(&found)?, body)))
    }

    /// Stores an object as a whole or not at all: a stream of known length, or bytes.
    pub(crate) async fn put(&self, object: &str, value: &JsValue, of: &Description) -> Result<(), BucketError> {
        js::call_async(&self.0, "put", &[&object.into(), value, &of.options()?]).await?;
        Ok(())
    }

    /// Begins an upload in parts.
    pub(crate) async fn begin_parts(&self, object: &str, of: &Description) -> Result<MultipartUpload, BucketError> {
        let upload = js::call_async(&self.0, "createMultipartUpload", &[&object.into(), &of.options()?]).await?;
        Ok(MultipartUpload { upload, parts: Array::new() })
    }

    /// Deletes an object. It need not exist.
    pub(crate) async fn delete(&self, object: &str) -> Result<(), BucketError> {
        js::call_async(&self.0, "delete", &[&object.into()]).await?;
        Ok(())
    }
}

impl MultipartUpload {
    /// Uploads the next part. All but the last have the same size.
    pub(crate) async fn add(&self, part: &Uint8Array) -> Result<(), BucketError> {
        let number = self.parts.length() + 1;
        let uploaded = js::call_async(&self.upload, "uploadPart", &[&number.into(), part]).await?;
        self.parts.push(&uploaded);
        Ok(())
    }

    /// Makes the parts one object.
    pub(crate) async fn complete(&self) -> Result<(), BucketError> {
        js::call_async(&self.upload, "complete", &[&self.parts]).await?;
        Ok(())
    }

    /// Forgets the parts, and does not wait for it.
    pub(crate) fn abandon(&self) {
        drop(js::call(&self.upload, "abort", &[]));
    }

    /// Forgets the parts.
    pub(crate) async fn abort(&self) -> Result<(), BucketError> {
        js::call_async(&self.upload, "abort", &[]).await?;
        Ok(())
    }
}

impl Metadata {
    fn of(object: &JsValue) -> Result<Self, BucketError> {
        let size = js::get(object, "size")?.as_f64().ok_or(BucketError)?;
        let etag = js::get(object, "httpEtag")?.as_string().ok_or(BucketError)?;
        let http = js::get(object, "httpMetadata").unwrap_or_default();
        let content_type = js::get(&http, "contentType").ok().and_then(|kept| kept.as_string());
        let custom = js::get(object, "customMetadata").unwrap_or_default();
        let name = js::get(&custom, NAME).ok().and_then(|kept| decode(&kept.as_string()?));
        let description = Description { content_type: content_type.unwrap_or_else(|| OCTET_STREAM.to_owned()), name };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number below 2^53")]
        let size = size as u64;
        Ok(Self { size, etag, description })
    }
}

/// The custom metadata with the name of a file, in ASCII.
const NAME: &str = "name";

impl Description {
    fn options(&self) -> Result<JsValue, JsValue> {
        let http = js::object(&[("contentType", &self.content_type.as_str().into())])?;
        let custom = match &self.name {
            Some(name) => js::object(&[(NAME, &encode(name).into())])?,
            None => JsValue::UNDEFINED,
        };
        js::object(&[("httpMetadata", &http), ("customMetadata", &custom)])
    }
}

/// Returns a number that is below 2^53, as every size is.
#[allow(clippy::cast_precision_loss, reason = "no file has 2^53 bytes")]
pub(crate) fn number(value: u64) -> JsValue {
    JsValue::from_f64(value as f64)
}

/// Returns what the owner must do where the bucket is not bound.
pub(crate) fn not_bound(binding: &str) -> String {
    format!(
        "wrangler.toml does not bind the R2 bucket {binding}, so no file can be uploaded or read. Add these lines:\n\n{}",
        r2_lines(binding)
    )
}

/// Returns the bucket of a connector, or what keeps it from a handler.
pub(crate) fn for_handler(env: &Env, binding: Option<&str>) -> Result<Bucket, ToolError> {
    let binding = binding
        .ok_or_else(|| ToolError::new("The connector does not say where files are kept: add .files(\"FILES\")."))?;
    Bucket::bound(env, binding).ok_or_else(|| ToolError::new(not_bound(binding)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_bucket_is_named_with_the_lines_to_add() {
        let text = not_bound("MY_FILES");
        assert!(text.ends_with("[[r2_buckets]]\nbinding = \"MY_FILES\"\nbucket_name = \"my-files\"\n"), "{text}");
    }
}
