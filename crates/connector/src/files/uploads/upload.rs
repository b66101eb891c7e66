//! An upload: from the body of a request to the bucket. It happens whole or leaves nothing behind.

use std::time::Duration;

use futures::channel::oneshot;
use futures::future::try_join;
use worker::js_sys::{Uint8Array, global};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::ReadableStream;
use worker::{Context, Env, js_sys};

use crate::files::bucket::{Bucket, BucketError, Description, number};
use crate::files::byte_reader::ByteReader;
use crate::files::disposition::name_in;
use crate::files::links::access::Opened;
use crate::files::links::link::UploadLink;
use crate::files::uploads::content::content_type;
use crate::files::uploads::form;
use crate::files::uploads::part_writer::PartWriter;
use crate::files::uploads::pieces::{check_type, next_piece};
use crate::files::uploads::upload_error::UploadError;
use crate::files::uploads::upload_use::UploadUse;
use crate::http::incoming::Incoming;
use crate::platform::js;
use crate::platform::timer::timeout;

/// How long a whole file may take, beside the time for its size.
const TIME_LIMIT: u64 = 60;
/// The slowest connection that is waited for, in bytes per second.
const SLOWEST: u64 = 50_000;

/// A file that was taken.
pub(crate) struct Received {
    pub(crate) key: String,
    pub(crate) size: u64,
    pub(crate) description: Description,
}

/// A file that is about to be sent.
struct Upload {
    opened: Opened<UploadLink>,
    body: Body,
}

/// How a file arrives.
enum Body {
    /// As the body, whose length is announced.
    Known { stream: Option<ReadableStream>, length: u64, description: Description },
    /// As the body, in chunks.
    Chunked { stream: ReadableStream, description: Description },
    /// In a form of a web page.
    Form { stream: ReadableStream, boundary: String },
}

/// Takes the file that a request sends. The work goes on when the client leaves, so that what it has begun is cleaned up.
pub(crate) async fn receive(
    opened: Opened<UploadLink>,
    env: &Env,
    context: &Context,
    incoming: &Incoming,
) -> Result<Received, UploadError> {
    let body = body_of(&opened.link, incoming)?;
    let (upload, env) = (Upload { opened, body }, env.clone());
    let (tell, told) = oneshot::channel();
    context.wait_until(async move {
        // Nobody listens if the client has left.
        let _ = tell.send(upload.carry_out(&env).await);
    });
    told.await.unwrap_or(Err(UploadError::Unavailable))
}

/// Reads what the headers say, before anything is done.
fn body_of(link: &UploadLink, incoming: &Incoming) -> Result<Body, UploadError> {
    if incoming.has_encoded_body() {
        return Err(UploadError::Encoded);
    }
    let (sent_type, length) = (incoming.header("content-type"), incoming.content_length());
    if let Some(boundary) = sent_type.as_deref().and_then(form::boundary) {
        if length.is_some_and(|length| length > link.max_bytes.saturating_add(form::MOST_AROUND)) {
            return Err(UploadError::TooLarge(link.max_bytes));
        }
        let stream = incoming.stream().ok_or(UploadError::Form)?;
        return Ok(Body::Form { stream, boundary });
    }
    let content_type = content_type(sent_type.as_deref());
    check_type(&content_type, link)?;
    let name = incoming.header("content-disposition").as_deref().and_then(name_in);
    let description = Description { content_type, name };
    match (length, incoming.stream()) {
        (Some(length), _) if length > link.max_bytes => Err(UploadError::TooLarge(link.max_bytes)),
        (Some(length), stream) => Ok(Body::Known { stream, length, description }),
        (None, None) => Ok(Body::Known { stream: None, length: 0, description }),
        (None, Some(stream)) => Ok(Body::Chunked { stream, description }),
    }
}

/// Returns how long a file of this size may take to arrive.
fn time_limit(bytes: u64) -> Duration {
    Duration::from_secs(TIME_LIMIT + bytes / SLOWEST)
}

impl Upload {
    async fn carry_out(self, env: &Env) -> Result<Received, UploadError> {
        let Opened { link, key, object, bucket } = self.opened;
        let used = UploadUse::take(env, &link, key.id()).await?;
        let stored = match self.body {
            Body::Known { stream: Some(stream), length, description } if length > 0 => {
                stream_whole(&bucket, &object, &stream, length, &description).await.map(|()| (length, description))
            }
            Body::Known { description, .. } => {
                let nothing = Uint8Array::new_with_length(0);
                bucket.put(&object, &nothing, &description).await.map_err(UploadError::from).map(|()| (0, description))
            }
            Body::Chunked { stream, description } => {
                in_time(&link, write_chunks(&bucket, &object, &stream, description, &link)).await
            }
            Body::Form { stream, boundary } => {
                in_time(&link, form::write_file(&bucket, &object, &stream, boundary, &link)).await
            }
        };
        match stored {
            Ok((size, description)) => Ok(Received { key: key.to_string(), size, description }),
            Err(error) => {
                used.give_back().await;
                Err(error)
            }
        }
    }
}

async fn in_time<T>(link: &UploadLink, work: impl Future<Output = Result<T, UploadError>>) -> Result<T, UploadError> {
    timeout(time_limit(link.max_bytes), work).await.unwrap_or(Err(UploadError::TooSlow))
}

/// Has the runtime move a body of known length into the bucket. None of its bytes are seen here, and a body that is shorter or
/// longer fails.
async fn stream_whole(
    bucket: &Bucket,
    object: &str,
    body: &ReadableStream,
    length: u64,
    description: &Description,
) -> Result<(), UploadError> {
    let fixed = js::construct(&global(), "FixedLengthStream", &[&number(length)]).map_err(BucketError::from)?;
    let controller = js::construct(&global(), "AbortController", &[]).map_err(BucketError::from)?;
    let moved = move_bytes(body, &fixed, &controller).map_err(BucketError::from)?;
    let readable = js::get(&fixed, "readable").map_err(BucketError::from)?;
    let moved = async { JsFuture::from(moved).await.map(drop).map_err(|_| UploadError::Broken) };
    let put = async { bucket.put(object, &readable, description).await.map_err(UploadError::from) };
    let done = timeout(time_limit(length), try_join(moved, put)).await.unwrap_or(Err(UploadError::TooSlow));
    if done.is_err() {
        // Whatever is still under way ends, and with it the other half.
        drop(js::call(&controller, "abort", &[]));
    }
    done.map(drop)
}

fn move_bytes(body: &ReadableStream, fixed: &JsValue, controller: &JsValue) -> Result<js_sys::Promise, JsValue> {
    let options = js::object(&[("signal", &js::get(controller, "signal")?)])?;
    js::call(body, "pipeTo", &[&js::get(fixed, "writable")?, &options])?.dyn_into()
}

/// Writes a body of unknown length until it is too long.
async fn write_chunks(
    bucket: &Bucket,
    object: &str,
    body: &ReadableStream,
    description: Description,
    link: &UploadLink,
) -> Result<(u64, Description), UploadError> {
    let mut file = PartWriter::begin(bucket, object, description.clone(), link.max_bytes).ok_or(UploadError::Busy)?;
    let mut reader = ByteReader::new(body).map_err(|_| UploadError::Broken)?;
    let written = async {
        while let Some(piece) = next_piece(&mut reader).await? {
            if file.total() + u64::from(piece.length()) > link.max_bytes {
                return Err(UploadError::TooLarge(link.max_bytes));
            }
            file.write(&piece).await?;
        }
        Ok(file.finish().await?)
    };
    let written: Result<(), UploadError> = written.await;
    if let Err(error) = written {
        reader.cancel();
        file.abort().await;
        return Err(error);
    }
    Ok((file.total(), description))
}
