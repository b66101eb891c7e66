//! Files, for the handlers of a call.

use worker::Env;

use mcp_connector_base::caller::Caller;
use mcp_connector_protocol::{FileLimits, ToolError, UploadUrl};

use crate::files::bucket::for_handler;
use crate::files::links::file_key::FileKey;
use crate::files::links::link;
use crate::files::links::link::{DownloadLink, Holder, UploadLink};
use crate::files::stored_file::{StoredFile, missing};
use crate::oauth::secrets::LazySecrets;
use crate::platform::clock::now;

/// How long a download link is open, in seconds.
const DOWNLOAD_SECONDS: u64 = 60 * 60;

/// What is needed to make links and to find files.
pub(crate) struct HandlerFiles<'a> {
    pub(crate) env: &'a Env,
    /// The binding of the bucket, if the connector names one.
    pub(crate) binding: Option<&'a str>,
    /// Whether anything is kept for the caller.
    pub(crate) keeps_state: bool,
    pub(crate) secrets: &'a LazySecrets,
    pub(crate) caller: Option<&'a Caller>,
}

impl HandlerFiles<'_> {
    /// Makes an upload link below `origin`, with `random` bits for the key of the file.
    pub(crate) async fn upload_url(
        &self,
        origin: &str,
        random: u128,
        purpose: &str,
        limits: &FileLimits,
    ) -> Result<UploadUrl, ToolError> {
        self.admit()?;
        limits.check(purpose)?;
        for_handler(self.env, self.binding)?;
        let key = FileKey::new(purpose, random).to_string();
        let expires = now().plus(limits.duration().as_secs());
        let link = UploadLink {
            holder: self.holder(),
            key: key.clone(),
            max_bytes: limits.max_bytes(),
            content_types: limits.admitted_types(),
            expires: expires.as_seconds(),
        };
        let url = link::url(&link, expires, origin, &*self.secrets.get(self.env).await?)?;
        Ok(UploadUrl::new(url, key))
    }

    /// Makes a download link below `origin`.
    pub(crate) async fn download_url(&self, origin: &str, key: &str) -> Result<String, ToolError> {
        // A link to nothing would only be noticed by the person who opens it.
        self.file(key).await?;
        let link = DownloadLink { holder: self.holder(), key: key.to_owned() };
        let expires = now().plus(DOWNLOAD_SECONDS);
        Ok(link::url(&link, expires, origin, &*self.secrets.get(self.env).await?)?)
    }

    /// Finds a file of the caller.
    pub(crate) async fn file(&self, key: &str) -> Result<StoredFile, ToolError> {
        self.admit()?;
        let bucket = for_handler(self.env, self.binding)?;
        let key = FileKey::parse(key).ok_or_else(missing)?;
        StoredFile::find(bucket, key.object(self.caller.map(|caller| &caller.subject))).await
    }

    /// Checks that files are kept for the caller.
    fn admit(&self) -> Result<(), ToolError> {
        if self.keeps_state {
            Ok(())
        } else {
            Err(ToolError::new("Files are kept only for people who have signed in. Sign in and try again."))
        }
    }

    fn holder(&self) -> Holder {
        let subject = self.caller.map(|caller| caller.subject.clone());
        Holder { subject, grant: self.caller.and_then(|caller| caller.grant) }
    }
}
