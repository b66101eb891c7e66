//! A request as it arrived: its URL in parts, its headers, and its body within a limit.

use std::rc::Rc;
use std::time::Duration;

use thiserror::Error;
use worker::js_sys::{Array, Uint8Array};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys;

use mcp_connector_oauth::web::request_source::RequestSource;
use mcp_connector_protocol::RequestHeaders;

use crate::http::route::Route;
use crate::log::request_log::RequestLog;
use crate::platform::crossing::paused::{AwaitedBody, BodyFailure};
use crate::platform::crossing::request_head::{EntryPoint, HeaderValue, RequestHead};
use crate::platform::crossing::reused::{ReadHeaders, ReusedAnswer, reuse};
use crate::platform::instance::{LostRequest, RequestNumber};
use crate::platform::js;
use crate::platform::timer::timeout;

/// A request.
pub(crate) struct Incoming {
    head: RequestHead,
    lost: Option<LostRequest>,
    log: Rc<RequestLog>,
    route: Route,
    request: web_sys::Request,
    /// Where JavaScript brings the body. None where nobody waits to bring it.
    body: Option<Rc<AwaitedBody>>,
    /// Where the path begins in the URL.
    path_at: usize,
    read: ReadHeaders,
}

/// How long a whole body may take to arrive.
const BODY_TIME_LIMIT: Duration = Duration::from_secs(30);

/// Why a body was not read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum BodyError {
    #[error("The body is larger than this server reads.")]
    TooLarge,
    /// The body is compressed, so its size is unknown.
    #[error("The body is compressed. Send it without Content-Encoding.")]
    Encoded,
    #[error("The body did not arrive within {} seconds.", BODY_TIME_LIMIT.as_secs())]
    TooSlow,
    #[error("The body ended before it was complete.")]
    Broken,
}

impl BodyError {
    /// Returns the HTTP status that says so.
    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::TooLarge => 413,
            Self::Encoded => 415,
            Self::TooSlow => 408,
            Self::Broken => 400,
        }
    }
}

impl From<BodyFailure> for BodyError {
    fn from(failure: BodyFailure) -> Self {
        match failure {
            BodyFailure::Late => Self::TooSlow,
            BodyFailure::Broken => Self::Broken,
        }
    }
}

impl Incoming {
    /// Takes a request with its head. `body` is where its body will be brought, if somebody brings it.
    pub(crate) fn new(request: web_sys::Request, head: RequestHead, body: Option<Rc<AwaitedBody>>) -> Self {
        let path_at = path_start(head.url());
        // An unknown path is untrusted text, which is not logged.
        let path = path_of(head.url(), path_at);
        let route = Route::of(path);
        let path = match path.strip_suffix('/').unwrap_or(path) {
            _ if route == Route::NotFound => "",
            "" => "/",
            path => route.logged_path().unwrap_or(path),
        };
        let lost = if head.is_again() { head.number().lost() } else { None };
        let log = match lost.as_ref().and_then(LostRequest::reference) {
            Some(reference) => RequestLog::new(head.method(), path, None).with_id(reference),
            None => RequestLog::new(head.method(), path, header(&head, &request, "cf-ray").as_deref()),
        };
        let log = Rc::new(log);
        Self { head, lost, log, route, request, body, path_at, read: ReadHeaders::default() }
    }

    /// Returns its number in the guard of the instance.
    pub(crate) const fn number(&self) -> RequestNumber {
        self.head.number()
    }

    /// Returns by which entry point it came.
    pub(crate) const fn entry_point(&self) -> EntryPoint {
        self.head.entry_point()
    }

    /// Returns whether it came from another Worker of the account, by the entry point `Internal`.
    pub(crate) fn is_internal(&self) -> bool {
        self.entry_point() == EntryPoint::Internal
    }

    /// Returns what an earlier instance has left of it.
    pub(crate) const fn lost(&self) -> Option<&LostRequest> {
        self.lost.as_ref()
    }

    /// Returns what is noted about the request for the log.
    pub(crate) const fn request_log(&self) -> &Rc<RequestLog> {
        &self.log
    }

    /// Returns the signal that is aborted when the client is gone.
    pub(crate) fn signal(&self) -> web_sys::AbortSignal {
        self.request.signal()
    }

    pub(crate) fn method(&self) -> &str {
        self.head.method()
    }

    /// Returns the route of its path.
    pub(crate) const fn route(&self) -> Route {
        self.route
    }

    /// Returns the scheme and authority that were asked, as the runtime has written them.
    pub(crate) fn asked_origin(&self) -> &str {
        self.head.url().get(..self.path_at).unwrap_or_default()
    }

    /// Returns the path, percent-encoded as it was sent.
    pub(crate) fn path(&self) -> &str {
        path_of(self.head.url(), self.path_at)
    }

    /// Returns the query as it was sent, without its question mark.
    pub(crate) fn query(&self) -> &str {
        let before_fragment = self.head.url().split('#').next().unwrap_or_default();
        before_fragment.split_once('?').map_or("", |(_, query)| query)
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let value = header(&self.head, &self.request, name);
        self.read.note(name, value.as_deref());
        value
    }

    /// Has each request that is like this one get the same answer, without a call into the module. A Worker with a `fetch` of its own
    /// sees every request, and nobody waits for the answer to one that is rehearsed.
    pub(crate) fn reuse(&self, answer: &ReusedAnswer<'_>) {
        let is_first = self.number().is_guarded() && self.lost.is_none();
        if is_first && self.body.is_some() && self.entry_point() == EntryPoint::Default {
            reuse(&self.request, self.head.url(), &self.read, answer);
        }
    }

    /// Returns all headers, with their names in lower case.
    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        self.read.note_more();
        let pairs = Array::from(&self.request.headers());
        let pair = |pair: JsValue| {
            let pair: Array = pair.dyn_into().ok()?;
            Some((pair.get(0).as_string()?, pair.get(1).as_string()?))
        };
        pairs.iter().filter_map(pair).collect()
    }

    /// Returns the network that it came from, as far as that is known.
    pub(crate) fn network(&self) -> RequestSource {
        RequestSource::of_subnet(self.header("cf-connecting-ip").as_deref())
    }

    /// Returns the size of the body that the client announces.
    pub(crate) fn content_length(&self) -> Option<u64> {
        self.header("content-length").and_then(|length| length.parse().ok())
    }

    /// Returns whether the body is compressed, so that its length says nothing.
    pub(crate) fn has_encoded_body(&self) -> bool {
        self.header("content-encoding").is_some_and(|encoding| !is_identity(&encoding))
    }

    /// Returns the stream of the body, if there is one that nobody has read.
    pub(crate) fn stream(&self) -> Option<web_sys::ReadableStream> {
        self.read.note_more();
        self.request.body()
    }

    /// Returns the whole body, if it is not larger than `limit` bytes.
    pub(crate) async fn body(&self, limit: u32) -> Result<Vec<u8>, BodyError> {
        self.read.note_more();
        if self.has_encoded_body() {
            return Err(BodyError::Encoded);
        }
        match self.content_length() {
            Some(length) if length > u64::from(limit) => Err(BodyError::TooLarge),
            // The runtime holds a client to the length that it announced.
            Some(_) => match self.body.as_ref().filter(|body| body.is_brought()) {
                Some(body) => Ok(body.read(BODY_TIME_LIMIT).await?),
                None => timeout(BODY_TIME_LIMIT, self.whole_body()).await.unwrap_or(Err(BodyError::TooSlow)),
            },
            None => timeout(BODY_TIME_LIMIT, self.counted_body(limit)).await.unwrap_or(Err(BodyError::TooSlow)),
        }
    }

    async fn whole_body(&self) -> Result<Vec<u8>, BodyError> {
        let promise = self.request.array_buffer().map_err(|_| BodyError::Broken)?;
        let buffer = JsFuture::from(promise).await.map_err(|_| BodyError::Broken)?;
        Ok(Uint8Array::new(&buffer).to_vec())
    }

    /// Reads a body of unknown length until it is too long.
    async fn counted_body(&self, limit: u32) -> Result<Vec<u8>, BodyError> {
        let Some(stream) = self.request.body() else { return Ok(Vec::new()) };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        js::bytes_of(&stream, limit).await.map_err(|_| BodyError::Broken)?.ok_or(BodyError::TooLarge)
    }
}

/// Returns whether a `Content-Encoding` changes nothing (RFC 9110 §8.4).
fn is_identity(encoding: &str) -> bool {
    encoding.split(',').map(str::trim).all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case("identity"))
}

impl RequestHeaders for Incoming {
    fn get(&self, name: &str) -> Option<String> {
        self.header(name)
    }
}

fn header(head: &RequestHead, request: &web_sys::Request, name: &str) -> Option<String> {
    match head.header(name) {
        HeaderValue::Present(value) => Some(value.to_owned()),
        HeaderValue::Absent => None,
        HeaderValue::Unknown => request.headers().get(name).ok().flatten(),
    }
}

fn path_of(url: &str, path_at: usize) -> &str {
    let rest = url.get(path_at..).unwrap_or_default();
    rest.find(['?', '#']).and_then(|end| rest.get(..end)).unwrap_or(rest)
}

/// Returns where the path begins in the URL of a request, which the runtime has parsed and written: `http://` or `https://`,
/// and a host of at least one character.
fn path_start(url: &str) -> usize {
    const IN_HOST: usize = "https://".len();
    let rest = url.get(IN_HOST..).unwrap_or_default();
    rest.find(['/', '?', '#']).map_or(url.len(), |at| IN_HOST + at)
}

#[cfg(test)]
mod tests {
    use super::{is_identity, path_start};

    #[test]
    fn only_the_identity_coding_leaves_a_body_unencoded() {
        for (encoding, is_plain) in [
            ("", true),
            ("identity", true),
            ("Identity, identity", true),
            ("gzip", false),
            ("identity, br", false),
            ("x", false),
        ] {
            assert_eq!(is_identity(encoding), is_plain, "{encoding:?}");
        }
    }

    #[test]
    fn a_url_is_cut_where_its_path_begins() {
        for (url, origin) in [
            ("http://127.0.0.1:8787/mcp?x", "http://127.0.0.1:8787"),
            ("http://h/a/b", "http://h"),
            ("https://mcp.example.com/", "https://mcp.example.com"),
            ("https://mcp.example.com", "https://mcp.example.com"),
            ("https://[::1]:1/a://b", "https://[::1]:1"),
        ] {
            assert_eq!(&url[..path_start(url)], origin, "{url}");
        }
    }
}
