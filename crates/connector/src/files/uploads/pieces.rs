//! What holds for every way in which a file arrives: its type, and how long its next bytes may take.

use std::time::Duration;

use worker::js_sys::Uint8Array;

use crate::files::byte_reader::ByteReader;
use crate::files::links::link::UploadLink;
use crate::files::uploads::content::is_admitted;
use crate::files::uploads::upload_error::UploadError;
use crate::platform::timer::timeout;

/// How long the next bytes of a body may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Checks the type of a file.
pub(crate) fn check_type(content_type: &str, link: &UploadLink) -> Result<(), UploadError> {
    if is_admitted(content_type, &link.content_types) {
        Ok(())
    } else {
        Err(UploadError::Type(link.content_types.join(", ")))
    }
}

/// Returns the next piece of a body, if it comes in time.
pub(crate) async fn next_piece(reader: &mut ByteReader) -> Result<Option<Uint8Array>, UploadError> {
    let piece = timeout(PATIENCE, reader.next()).await.ok_or(UploadError::TooSlow)?;
    piece.map_err(|_| UploadError::Broken)
}
