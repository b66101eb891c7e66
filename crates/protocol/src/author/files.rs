//! What an author says of files that people send: how large they may be, of which types, and how long a link is open.

use std::time::Duration;

use thiserror::Error;

/// Maximum number of types that a link can be limited to.
const MAX_CONTENT_TYPES: usize = 16;
/// Longest media type, in bytes (RFC 6838 §4.2 allows 127 for each half).
const MAX_CONTENT_TYPE: usize = 255;
/// Longest name of a purpose, in bytes.
const MAX_PURPOSE: usize = 32;
/// How long an upload link is open unless the author says otherwise.
const VALID_FOR: Duration = Duration::from_hours(1);
/// The longest that a link can be open.
const MAX_VALID_FOR: Duration = Duration::from_hours(24);

/// What a file that is uploaded by a link may be: how large, of which media types, and for how long the link is open.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use mcp_connector::{Context, FileLimits, ToolError};
///
/// async fn begin_import(cx: Context) -> Result<String, ToolError> {
///     let limits = FileLimits::up_to_megabytes(50).content_types(["text/csv"]).valid_for(Duration::from_secs(600));
///     let upload = cx.upload_url("imports", limits).await?;
///     Ok(format!("Give the person this link: {}\nThen call import with file “{}”.", upload.url, upload.key))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLimits {
    max_bytes: u64,
    content_types: Vec<String>,
    valid_for: Duration,
}

/// A link by which one file can be uploaded, and the key by which a tool then finds the file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadUrl {
    /// The link. Whoever has it can upload one file: a person in a browser, or a program by PUT.
    pub url: String,
    /// The key of the file for [`Context::file`](crate::call::context::Context::file), from when it is uploaded.
    pub key: String,
}

/// Why a link cannot be made with these limits.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InvalidFileLimits {
    /// The name of the purpose has other characters than those of a folder.
    #[error("the purpose of an upload is 1 to {MAX_PURPOSE} characters of a-z, 0-9, - and _")]
    Purpose,
    /// A file could not have a single byte.
    #[error("an upload that may have no bytes cannot be used: give FileLimits a size")]
    Empty,
    /// One of the types is not a media type, or there are too many.
    #[error("the content types of an upload are at most {MAX_CONTENT_TYPES} media types such as text/csv or image/*")]
    ContentType,
    /// The link would be open too long.
    #[error("an upload link is valid for at most 24 hours")]
    ValidFor,
}

impl UploadUrl {
    /// Creates the answer of a host that has made a link.
    #[must_use]
    #[doc(hidden)]
    pub const fn new(url: String, key: String) -> Self {
        Self { url, key }
    }
}

impl FileLimits {
    /// Admits files of at most this many bytes, of any type. The link is open for an hour.
    #[must_use]
    pub const fn up_to(max_bytes: u64) -> Self {
        Self { max_bytes, content_types: Vec::new(), valid_for: VALID_FOR }
    }

    /// Admits files of at most this many megabytes of 1,000,000 bytes.
    #[must_use]
    pub const fn up_to_megabytes(megabytes: u32) -> Self {
        Self::up_to(megabytes as u64 * 1_000_000)
    }

    /// Admits only files that are sent with one of these media types; `image/*` stands for every image. The type is what the
    /// sender says, so a handler checks what it reads.
    #[must_use]
    pub fn content_types(mut self, types: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.content_types = types.into_iter().map(Into::into).collect();
        self
    }

    /// Sets how long the link is open: an hour by default, 24 hours at most.
    #[must_use]
    pub const fn valid_for(mut self, duration: Duration) -> Self {
        self.valid_for = duration;
        self
    }

    /// Returns the size of the largest file, in bytes.
    #[must_use]
    pub const fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// Returns the types that are admitted, in lower case; none for every type.
    #[must_use]
    pub fn admitted_types(&self) -> Vec<String> {
        self.content_types.iter().map(|of| of.to_ascii_lowercase()).collect()
    }

    /// Returns how long the link is open.
    #[must_use]
    pub const fn duration(&self) -> Duration {
        self.valid_for
    }

    /// Checks the limits of an upload for `purpose`.
    ///
    /// # Errors
    ///
    /// Fails with the first limit that cannot be held.
    pub fn check(&self, purpose: &str) -> Result<(), InvalidFileLimits> {
        if !is_purpose(purpose) {
            return Err(InvalidFileLimits::Purpose);
        }
        if self.max_bytes == 0 {
            return Err(InvalidFileLimits::Empty);
        }
        if self.content_types.len() > MAX_CONTENT_TYPES || !self.content_types.iter().all(|of| is_media_range(of)) {
            return Err(InvalidFileLimits::ContentType);
        }
        if self.valid_for > MAX_VALID_FOR {
            return Err(InvalidFileLimits::ValidFor);
        }
        Ok(())
    }
}

/// Returns whether a text can be the purpose of files.
#[must_use]
pub fn is_purpose(text: &str) -> bool {
    let is_character = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    (1..=MAX_PURPOSE).contains(&text.len()) && text.bytes().all(is_character)
}

/// Returns whether a text is a media type without parameters, or a type with `*` in place of its subtype (RFC 9110 §12.5.1).
fn is_media_range(text: &str) -> bool {
    let is_token = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let Some((kind, subtype)) = text.split_once('/') else { return false };
    text.len() <= MAX_CONTENT_TYPE && is_token(kind) && (subtype == "*" || is_token(subtype))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_cannot_be_held_are_refused() {
        let limits = || FileLimits::up_to(1);
        for (name, purpose, limits, expected) in [
            ("plain", "imports", limits(), Ok(())),
            ("the longest purpose", &*"a".repeat(32), limits(), Ok(())),
            ("a longer one", &*"a".repeat(33), limits(), Err(InvalidFileLimits::Purpose)),
            ("a folder above", "../x", limits(), Err(InvalidFileLimits::Purpose)),
            ("a slash", "a/b", limits(), Err(InvalidFileLimits::Purpose)),
            ("nothing", "", limits(), Err(InvalidFileLimits::Purpose)),
            ("no bytes", "a", FileLimits::up_to(0), Err(InvalidFileLimits::Empty)),
            ("types", "a", limits().content_types(["text/csv", "Image/*"]), Ok(())),
            ("every type", "a", limits().content_types(["*/*"]), Err(InvalidFileLimits::ContentType)),
            ("an ending", "a", limits().content_types([".csv"]), Err(InvalidFileLimits::ContentType)),
            ("a header", "a", limits().content_types(["a/b\r\nx: y"]), Err(InvalidFileLimits::ContentType)),
            ("many types", "a", limits().content_types(["a/b"; 17]), Err(InvalidFileLimits::ContentType)),
            ("a day", "a", limits().valid_for(MAX_VALID_FOR), Ok(())),
            ("longer", "a", limits().valid_for(MAX_VALID_FOR * 2), Err(InvalidFileLimits::ValidFor)),
        ] {
            assert_eq!(limits.check(purpose), expected, "{name}");
        }
    }

    #[test]
    fn a_megabyte_is_a_million_bytes() {
        assert_eq!(FileLimits::up_to_megabytes(50).max_bytes(), 50_000_000);
        assert_eq!(FileLimits::up_to(1).content_types(["Text/CSV"]).admitted_types(), ["text/csv"]);
    }
}
