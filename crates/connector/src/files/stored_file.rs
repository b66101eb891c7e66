//! A file as a tool reads it: in pieces or lines, of which one is held at a time.

use worker::web_sys::ReadableStream;

use mcp_connector_protocol::ToolError;

use crate::files::bucket::{Bucket, Metadata};
use crate::files::byte_reader::ByteReader;

/// Longest line that is read, in bytes. A file without line breaks must not fill the memory of the isolate.
const MAX_LINE: usize = 1024 * 1024;

/// A file that a person has uploaded, as [`Context::file`](crate::Context#method.file) finds it.
///
/// ```
/// use mcp_connector::{Context, ToolError};
///
/// async fn about(file: String, cx: Context) -> Result<String, ToolError> {
///     let file = cx.file(&file).await?;
///     Ok(format!("{} is {} with {} bytes.", file.name().unwrap_or("The file"), file.content_type(), file.size()))
/// }
/// ```
#[derive(Debug)]
pub struct StoredFile {
    bucket: Bucket,
    object: String,
    metadata: Metadata,
}

/// Reads a file from its beginning to its end. It holds one piece of at most 64 KiB, or one line.
///
/// ```
/// use mcp_connector::{Context, ToolError};
///
/// async fn bytes(file: String, cx: Context) -> Result<String, ToolError> {
///     let mut reader = cx.file(&file).await?.read().await?;
///     let mut zeros = 0;
///     while let Some(piece) = reader.chunk().await? {
///         zeros += piece.iter().filter(|byte| **byte == 0).count();
///     }
///     Ok(format!("{zeros} of its bytes are zero."))
/// }
/// ```
pub struct FileReader {
    reader: ByteReader,
    /// What was read and not yet given.
    rest: Vec<u8>,
    /// Where it begins in `rest`.
    at: usize,
    is_over: bool,
    /// Whether nothing was given yet.
    is_start: bool,
}

impl StoredFile {
    /// Finds an object.
    pub(crate) async fn find(bucket: Bucket, object: String) -> Result<Self, ToolError> {
        let metadata = bucket.head(&object).await?.ok_or_else(missing)?;
        Ok(Self { bucket, object, metadata })
    }

    /// Returns its size in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.metadata.size
    }

    /// Returns its media type in lower case, perhaps with a charset. It is what the sender has said: check what you read.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.metadata.description.content_type
    }

    /// Returns its name, if its sender has given one. It is for people, and two files may have the same.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.metadata.description.name.as_deref()
    }

    /// Opens the file for reading.
    ///
    /// # Errors
    ///
    /// Fails where the file was deleted meanwhile, or storage does not answer.
    pub async fn read(&self) -> Result<FileReader, ToolError> {
        let (_, stream): (_, ReadableStream) = self.bucket.get(&self.object, None).await?.ok_or_else(missing)?;
        let reader = ByteReader::new(&stream).map_err(|_| broken())?;
        Ok(FileReader { reader, rest: Vec::new(), at: 0, is_over: false, is_start: true })
    }

    /// Deletes the file.
    ///
    /// # Errors
    ///
    /// Fails where storage does not answer.
    pub async fn delete(self) -> Result<(), ToolError> {
        Ok(self.bucket.delete(&self.object).await?)
    }
}

impl FileReader {
    /// Returns the next bytes, at most 64 KiB; none at the end.
    ///
    /// # Errors
    ///
    /// Fails where storage breaks off.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, ToolError> {
        self.is_start = false;
        if self.at < self.rest.len() {
            let rest = self.rest.split_off(self.at);
            self.rest.clear();
            self.at = 0;
            return Ok(Some(rest));
        }
        Ok(self.fill().await?.then(|| std::mem::take(&mut self.rest)))
    }

    /// Returns the next line without its end (LF or CRLF); none at the end. Bytes that are no UTF-8 become U+FFFD, and a byte order
    /// mark at the beginning is left out.
    ///
    /// # Errors
    ///
    /// Fails where storage breaks off, and where a line is longer than 1 MiB.
    pub async fn line(&mut self) -> Result<Option<String>, ToolError> {
        let mut line = Vec::new();
        loop {
            let rest = self.rest.get(self.at..).unwrap_or_default();
            if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                line.extend_from_slice(rest.get(..end).unwrap_or_default());
                self.at += end + 1;
                break;
            }
            line.extend_from_slice(rest);
            if line.len() > MAX_LINE {
                return Err(ToolError::new(
                    "A line of the file is longer than 1 MiB. Send a text file with shorter lines.",
                ));
            }
            if !self.fill().await? {
                if line.is_empty() {
                    return Ok(None);
                }
                break;
            }
        }
        let text = line.strip_suffix(b"\r").unwrap_or(&line);
        let text = String::from_utf8_lossy(text);
        let is_first = std::mem::replace(&mut self.is_start, false);
        let text = if is_first { text.strip_prefix('\u{feff}').unwrap_or(&text) } else { &text };
        Ok(Some(text.to_owned()))
    }

    /// Reads the next piece in place of the last. Returns false at the end.
    async fn fill(&mut self) -> Result<bool, ToolError> {
        self.rest.clear();
        self.at = 0;
        if self.is_over {
            return Ok(false);
        }
        match self.reader.next().await.map_err(|_| broken())? {
            Some(piece) => self.rest = piece.to_vec(),
            None => self.is_over = true,
        }
        Ok(!self.is_over)
    }
}

impl Drop for FileReader {
    fn drop(&mut self) {
        if !self.is_over {
            self.reader.cancel();
        }
    }
}

impl std::fmt::Debug for FileReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileReader").finish_non_exhaustive()
    }
}

/// Nobody learns whether somebody else has a file.
pub(crate) fn missing() -> ToolError {
    ToolError::new(
        "There is no such file. If the person has not uploaded it yet, give them the upload link, and call again when they \
         have. Otherwise check the key.",
    )
}

fn broken() -> ToolError {
    ToolError::new("The file could not be read to its end. Try again.")
}
