//! How a handler takes files from people and gives files to them.

use crate::author::files::{FileLimits, UploadUrl};
use crate::author::tools::tool_error::ToolError;
use crate::call::context::Context;
use crate::host::bundle::Host;

/// Files of people. No file passes the model: it gets a link for the person, or a key for another tool.
///
/// They are kept in the R2 bucket that the connector names with [`Connector::files`](crate::author::connector::Connector::files).
impl<H: Host> Context<H> {
    /// Makes a link by which one file can be uploaded, for a purpose such as `imports`: 1 to 32 characters of a-z, 0-9, `-` and
    /// `_`.
    ///
    /// Whoever has the link can use it, once: a person opens it in a browser and chooses a file, a program sends the file by PUT.
    /// An upload that fails or is too large leaves nothing behind and can be tried again. The link ends with the time that
    /// `limits` say, and with the sign-in under which it was made.
    ///
    /// # Errors
    ///
    /// Fails where the bucket is not bound, where `limits` cannot be held, and without a sign-in unless the connector keeps state
    /// for callers without a token ([`Connector::anonymous_sessions`](crate::author::connector::Connector::anonymous_sessions)).
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Context, FileLimits, ToolError};
    ///
    /// async fn add_photo(cx: Context) -> Result<String, ToolError> {
    ///     let upload = cx.upload_url("photos", FileLimits::up_to_megabytes(20).content_types(["image/*"])).await?;
    ///     Ok(format!("Open {} and choose the photo. Its key will be {}.", upload.url, upload.key))
    /// }
    /// ```
    pub async fn upload_url(&self, purpose: &str, limits: FileLimits) -> Result<UploadUrl, ToolError> {
        self.host().upload_url(self.caller(), purpose, &limits).await
    }

    /// Makes a link by which a file of the caller can be downloaded for an hour, as often as one likes.
    ///
    /// # Errors
    ///
    /// Fails where the caller has no such file, and where the bucket is not bound or does not answer.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Context, ToolError};
    ///
    /// async fn link_to(file: String, cx: Context) -> Result<String, ToolError> {
    ///     Ok(format!("The file is at {} for an hour.", cx.download_url(&file).await?))
    /// }
    /// ```
    pub async fn download_url(&self, key: &str) -> Result<String, ToolError> {
        self.host().download_url(self.caller(), key).await
    }

    /// Finds a file of the caller by its key. Nobody finds the file of another person.
    ///
    /// # Errors
    ///
    /// Fails where the caller has no such file, and where the bucket is not bound or does not answer.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Context, ToolError};
    ///
    /// async fn count_lines(file: String, cx: Context) -> Result<String, ToolError> {
    ///     let mut lines = cx.file(&file).await?.read().await?;
    ///     let mut count = 0;
    ///     while lines.line().await?.is_some() {
    ///         count += 1;
    ///     }
    ///     Ok(format!("{count} lines."))
    /// }
    /// ```
    pub async fn file(&self, key: &str) -> Result<H::File, ToolError> {
        self.host().file(self.caller(), key).await
    }
}
