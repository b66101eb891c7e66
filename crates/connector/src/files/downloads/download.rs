//! A download: from the bucket to the client, by the runtime. A file is saved and never shown, so that nothing in it runs on the
//! origin of the account page.

use worker::js_sys::global;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::web_sys::ReadableStream;

use crate::files::bucket::{BucketError, Metadata, number};
use crate::files::disposition::attachment;
use crate::files::downloads::range::{ByteRange, Requested, requested};
use crate::files::links::access::{LinkError, Opened};
use crate::files::links::link::DownloadLink;
use crate::http::answer::Answer;
use crate::http::discovery::entity_tag;
use crate::http::incoming::Incoming;
use crate::platform::js;

/// Why a file is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DownloadError {
    /// It was deleted.
    Gone,
    Link(LinkError),
}

impl From<BucketError> for DownloadError {
    fn from(BucketError: BucketError) -> Self {
        Self::Link(LinkError::Unavailable)
    }
}

/// Answers GET and HEAD.
pub(crate) async fn answer(opened: &Opened<DownloadLink>, incoming: &Incoming) -> Result<Answer, DownloadError> {
    let file = opened.bucket.head(&opened.object).await?.ok_or(DownloadError::Gone)?;
    if incoming.header("if-none-match").is_some_and(|known| entity_tag::contains(&known, &file.etag)) {
        return Ok(with_tag(Answer::empty(304), &file));
    }
    if incoming.method() == "HEAD" {
        return Ok(described(Answer::empty(200), &file).header("content-length", file.size.to_string()));
    }
    let part = match asked_part(incoming, &file) {
        Requested::Whole => None,
        Requested::Part(part) => Some(part),
        Requested::Unsatisfiable => {
            return Ok(with_tag(Answer::empty(416), &file).header("content-range", format!("bytes */{}", file.size)));
        }
    };
    let (file, stream) = opened.bucket.get(&opened.object, part).await?.ok_or(DownloadError::Gone)?;
    let stream = of_length(&stream, part.map_or(file.size, |part| part.length)).map_err(BucketError::from)?;
    Ok(match part {
        None => described(Answer::stream(200, stream), &file),
        Some(part) => {
            let answer = described(Answer::stream(206, stream), &file);
            answer.header("content-range", ByteRange::content_range(part, file.size))
        }
    })
}

/// Returns a stream with as many bytes, or an error. The runtime announces its length (`Content-Length`).
fn of_length(stream: &ReadableStream, length: u64) -> Result<ReadableStream, JsValue> {
    let fixed = js::construct(&global(), "FixedLengthStream", &[&number(length)])?;
    js::call(stream, "pipeThrough", &[&fixed])?.dyn_into()
}

/// Returns the part that is asked for. A client that resumes says which version it has (RFC 9110 §13.1.5).
fn asked_part(incoming: &Incoming, file: &Metadata) -> Requested {
    let is_other = incoming.header("if-range").is_some_and(|known| known.trim() != file.etag);
    let range = incoming.header("range").filter(|_| !is_other);
    requested(range.as_deref(), file.size)
}

fn described(answer: Answer, file: &Metadata) -> Answer {
    with_tag(answer, file)
        .header("content-type", file.description.content_type.clone())
        .header("content-disposition", attachment(file.description.name.as_deref()))
        .header("accept-ranges", "bytes")
}

/// Adds the headers that each answer about a file has.
fn with_tag(answer: Answer, file: &Metadata) -> Answer {
    answer.header("etag", file.etag.clone()).header("cache-control", "private, no-cache")
}
