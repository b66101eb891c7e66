//! A file in a form of a web page (`multipart/form-data`, RFC 7578), read as it arrives.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures::Stream;
use futures::future::LocalBoxFuture;
use multer::bytes::Bytes;
use multer::{Constraints, Field, Multipart, SizeLimit};
use worker::js_sys::Uint8Array;
use worker::send::SendWrapper;
use worker::web_sys::ReadableStream;

use crate::files::bucket::{Bucket, Description};
use crate::files::byte_reader::{ByteReader, PIECE};
use crate::files::disposition::name_in;
use crate::files::links::link::UploadLink;
use crate::files::uploads::content::content_type;
use crate::files::uploads::part_writer::PartWriter;
use crate::files::uploads::pieces::{check_type, next_piece};
use crate::files::uploads::upload_error::UploadError;

/// Maximum number of bytes of a form beside the file: its boundaries, the headers of the file and small fields.
pub(crate) const MOST_AROUND: u64 = 64 * 1024;

/// Maximum number of bytes that may arrive before the parser gives something of a file. It holds what it cannot read yet, such as a
/// header that never ends, and looks through all of it again with each piece.
const MOST_HELD: u64 = MOST_AROUND + 2 * PIECE as u64;

/// Returns the boundary if a body of this type is such a form.
pub(crate) fn boundary(content_type: &str) -> Option<String> {
    multer::parse_boundary(content_type).ok()
}

/// Stores the file of a form. Fields that are no files are ignored.
pub(crate) async fn write_file(
    bucket: &Bucket,
    object: &str,
    body: &ReadableStream,
    boundary: String,
    link: &UploadLink,
) -> Result<(u64, Description), UploadError> {
    let most = link.max_bytes.saturating_add(MOST_AROUND);
    let constraints = Constraints::new().size_limit(SizeLimit::new().whole_stream(most));
    let held = Rc::new(Cell::new(0));
    let pieces = Pieces::new(ByteReader::new(body).map_err(|_| UploadError::Broken)?, Rc::clone(&held));
    let mut form = Multipart::with_constraints(pieces, boundary, constraints);
    let too_large = || UploadError::TooLarge(link.max_bytes);
    let read = |error: multer::Error| of_form(&error, link);
    while let Some(field) = form.next_field().await.map_err(read)? {
        if field.file_name().is_none() {
            continue;
        }
        let description = description_of(&field);
        check_type(&description.content_type, link)?;
        let mut file =
            PartWriter::begin(bucket, object, description.clone(), link.max_bytes).ok_or(UploadError::Busy)?;
        let written = write_field(field, &mut file, link, (&*held, too_large)).await;
        let is_last = match &written {
            Ok(()) => only_small_fields(&mut form, link).await,
            Err(_) => Ok(()),
        };
        let is_empty_choice = file.total() == 0 && description.name.is_none();
        let checked = written.and(is_last).and(if is_empty_choice { Err(UploadError::NoFile) } else { Ok(()) });
        let stored = match checked {
            Ok(()) => file.finish().await.map_err(UploadError::from),
            Err(error) => Err(error),
        };
        if let Err(error) = stored {
            file.abort().await;
            return Err(error);
        }
        return Ok((file.total(), description));
    }
    Err(UploadError::Form)
}

async fn write_field(
    mut field: Field<'_>,
    file: &mut PartWriter<'_>,
    link: &UploadLink,
    (held, too_large): (&Cell<u64>, impl Fn() -> UploadError),
) -> Result<(), UploadError> {
    held.set(0);
    while let Some(bytes) = field.chunk().await.map_err(|error| of_form(&error, link))? {
        held.set(0);
        if file.total() + u64::try_from(bytes.len()).unwrap_or(u64::MAX) > link.max_bytes {
            return Err(too_large());
        }
        file.write(&Uint8Array::from(&*bytes)).await?;
    }
    Ok(())
}

/// Reads the form to its end, where a boundary closes it: a file that was cut off is none.
async fn only_small_fields(form: &mut Multipart<'_>, link: &UploadLink) -> Result<(), UploadError> {
    while let Some(field) = form.next_field().await.map_err(|error| of_form(&error, link))? {
        if field.file_name().is_some() {
            return Err(UploadError::Form);
        }
    }
    Ok(())
}

fn description_of(field: &Field<'_>) -> Description {
    let header = |name: &str| field.headers().get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
    let name = header("content-disposition").and_then(name_in);
    Description { content_type: content_type(header("content-type")), name }
}

fn of_form(error: &multer::Error, link: &UploadLink) -> UploadError {
    if matches!(error, multer::Error::StreamSizeExceeded { .. }) {
        return UploadError::TooLarge(link.max_bytes);
    }
    if matches!(error, multer::Error::IncompleteFieldData { .. } | multer::Error::IncompleteStream) {
        return UploadError::Broken;
    }
    if let multer::Error::StreamReadFailed(cause) = error {
        return cause.downcast_ref::<UploadError>().cloned().unwrap_or(UploadError::Broken);
    }
    UploadError::Form
}

/// A body as the stream that the parser reads. It asks for a piece when the parser has none left.
struct Pieces(SendWrapper<(Reading, Rc<Cell<u64>>)>);

enum Reading {
    Idle(ByteReader),
    Waiting(LocalBoxFuture<'static, (ByteReader, Result<Option<Bytes>, UploadError>)>),
    Over,
}

impl Pieces {
    /// `held` counts the bytes that the parser was given and nobody has taken from it.
    fn new(reader: ByteReader, held: Rc<Cell<u64>>) -> Self {
        Self(SendWrapper((Reading::Idle(reader), held)))
    }
}

impl Stream for Pieces {
    type Item = Result<Bytes, UploadError>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (reading, held) = &mut self.0.0;
        loop {
            match std::mem::replace(reading, Reading::Over) {
                Reading::Over => return Poll::Ready(None),
                Reading::Idle(mut reader) => {
                    *reading = Reading::Waiting(Box::pin(async move {
                        let piece = next_piece(&mut reader).await;
                        (reader, piece.map(|piece| piece.map(|piece| Bytes::from(piece.to_vec()))))
                    }));
                }
                Reading::Waiting(mut waiting) => match waiting.as_mut().poll(task) {
                    Poll::Pending => {
                        *reading = Reading::Waiting(waiting);
                        return Poll::Pending;
                    }
                    Poll::Ready((reader, Ok(Some(bytes)))) => {
                        held.set(held.get().saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX)));
                        if held.get() > MOST_HELD {
                            reader.cancel();
                            return Poll::Ready(Some(Err(UploadError::Form)));
                        }
                        *reading = Reading::Idle(reader);
                        return Poll::Ready(Some(Ok(bytes)));
                    }
                    Poll::Ready((_, Ok(None))) => return Poll::Ready(None),
                    Poll::Ready((reader, Err(error))) => {
                        reader.cancel();
                        return Poll::Ready(Some(Err(error)));
                    }
                },
            }
        }
    }
}
