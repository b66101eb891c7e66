//! The files of people, which travel beside the protocol.

use std::future::Future;

use crate::author::files::{FileLimits, UploadUrl};
use crate::author::tools::tool_error::ToolError;
use mcp_connector_base::caller::Caller;

/// Links to upload and download files, and the files themselves. Each belongs to the person who is calling; without a sign-in,
/// to whoever has its key.
pub trait Files {
    /// A file that was uploaded.
    type File;

    /// Makes a link by which one file can be uploaded.
    ///
    /// # Errors
    ///
    /// Fails with a text for the model if no files are kept for the caller, if they have too many already, if the
    /// purpose or the limits are invalid, or if the keys or the files are out of reach.
    fn upload_url(
        &self,
        caller: Option<&Caller>,
        purpose: &str,
        limits: &FileLimits,
    ) -> impl Future<Output = Result<UploadUrl, ToolError>>;

    /// Makes a link by which the file `key` can be downloaded for an hour.
    ///
    /// # Errors
    ///
    /// Fails as [`file`](Self::file) does, and if the keys are out of reach.
    fn download_url(&self, caller: Option<&Caller>, key: &str) -> impl Future<Output = Result<String, ToolError>>;

    /// Finds the file `key`.
    ///
    /// # Errors
    ///
    /// Fails with a text for the model if no files are kept for the caller, if they have no such file, or if the files
    /// are out of reach.
    fn file(&self, caller: Option<&Caller>, key: &str) -> impl Future<Output = Result<Self::File, ToolError>>;
}
