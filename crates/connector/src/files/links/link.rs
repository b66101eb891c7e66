//! Links to files: what they hold, sealed so that only this server reads or makes one.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::{GrantId, Subject};
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::crypto::seal::{SealError, Sealable, Sealed};
use mcp_connector_protocol::Unavailable;

use crate::files::links::file_key::FileKey;
use crate::http::route::{DOWNLOAD_PATH, UPLOAD_PATH};
use crate::oauth::secrets::Secrets;
use crate::platform::clock::{Entropy, now};

/// Whose a link is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    /// The person. None for a caller without a token.
    pub(crate) subject: Option<Subject>,
    /// The grant under which it was made. The link ends with it.
    pub(crate) grant: Option<GrantId>,
}

/// The right to upload one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UploadLink {
    pub(crate) holder: Holder,
    /// The key of the file, in its text form.
    pub(crate) key: String,
    pub(crate) max_bytes: u64,
    /// The types that are admitted, in lower case. Empty for every type.
    pub(crate) content_types: Vec<String>,
    /// In seconds since 1970.
    pub(crate) expires: u64,
}

/// The right to download one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DownloadLink {
    pub(crate) holder: Holder,
    /// The key of the file, in its text form.
    pub(crate) key: String,
}

impl Sealable for UploadLink {
    const PURPOSE: &'static str = "upload-link";
    const MAX_SEALED_LENGTH: usize = 8 * 1024;
}

impl Sealable for DownloadLink {
    const PURPOSE: &'static str = "download-link";
    const MAX_SEALED_LENGTH: usize = 2 * 1024;
}

/// A kind of link: what it holds, and the path below which it is.
pub(crate) trait Link: Sealable {
    /// The path, with a slash at its end.
    const PATH: &'static str;

    /// Returns whose it is.
    fn holder(&self) -> &Holder;

    /// Returns the key of the file.
    fn key(&self) -> Option<FileKey>;
}

impl Link for UploadLink {
    const PATH: &'static str = UPLOAD_PATH;

    fn holder(&self) -> &Holder {
        &self.holder
    }

    fn key(&self) -> Option<FileKey> {
        FileKey::parse(&self.key)
    }
}

impl Link for DownloadLink {
    const PATH: &'static str = DOWNLOAD_PATH;

    fn holder(&self) -> &Holder {
        &self.holder
    }

    fn key(&self) -> Option<FileKey> {
        FileKey::parse(&self.key)
    }
}

/// Returns the URL of a link below `origin`.
pub(crate) fn url<T: Link>(
    link: &T,
    expires: Timestamp,
    origin: &str,
    secrets: &Secrets,
) -> Result<String, Unavailable> {
    let sealed = Sealed::seal(link, b"", expires, secrets.keys().seal(), &Entropy::new()?).map_err(|_| Unavailable)?;
    Ok([origin, T::PATH, sealed.as_str()].concat())
}

/// Returns what the path of a request holds.
pub(crate) fn open<T: Link>(path: &str, secrets: &Secrets) -> Result<T, SealError> {
    let sealed = path.strip_prefix(T::PATH).ok_or(SealError::Forged)?;
    Sealed::from_text(sealed.strip_suffix('/').unwrap_or(sealed)).open(b"", now(), secrets.keys().seal())
}
