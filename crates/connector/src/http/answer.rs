//! An HTTP answer: a status, headers, and one buffer or a stream.

use std::borrow::Cow;
use std::pin::Pin;

use futures::{Stream, StreamExt};
use serde::Serialize;
use serde_json::{Value, json};
use worker::wasm_bindgen::JsValue;
use worker::web_sys;

use mcp_connector_base::outage::Outage;
use mcp_connector_protocol::{Events, SessionId};

use crate::config::configuration::Closed;
use crate::http::incoming::Incoming;
use crate::log::request_log::LoggedAnswer;
use crate::pages::frame::page_frame::{Frame, Page};
use crate::platform::cancel::UntilGone;
use crate::platform::crossing::reused::ReusedAnswer;
use crate::platform::crossing::{
    ResponseBody, USUAL_HEADERS, USUAL_STATUS, head_of, opening_response, response, usual_response,
};

/// `Retry-After` where the owner must correct a setting first, in seconds.
pub(crate) const RETRY_CLOSED: &str = "60";

/// Returns the text for a feature that is closed.
pub(crate) fn closed_text(closed: Closed<'_>) -> String {
    match closed {
        Closed::Setting(problem) => format!("The owner of this server must correct a setting first: {problem}."),
        Closed::Binding(missing) => {
            format!("The owner of this server must add a binding first: {missing}. The page / has the lines to add.")
        }
    }
}

/// An answer to a request.
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, Cow<'static, str>)>,
    body: AnswerBody,
    /// Whether [`Self::reusable`] was called.
    is_reusable: bool,
}

enum AnswerBody {
    Empty,
    Bytes(Vec<u8>),
    /// A page for people that [`Answer::framed`] has yet to write.
    Page(Page),
    Events(Events),
    Chunks(Pin<Box<dyn Stream<Item = worker::Result<Vec<u8>>>>>),
    /// The stream of another answer, which the runtime passes on by itself.
    Stream(web_sys::ReadableStream),
}

/// The status and headers of an answer, as it crosses to the runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head<'a> {
    /// Those of nearly every answer to a call.
    Usual,
    /// The same with the id of a session.
    Opening(&'a str),
    Other,
}

impl Answer {
    const fn new(status: u16, body: AnswerBody) -> Self {
        Self { status, headers: Vec::new(), body, is_reusable: false }
    }

    /// Returns an answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self::new(status, AnswerBody::Empty)
    }

    /// Returns an answer whose body is JSON.
    pub(crate) fn json_bytes(status: u16, body: Vec<u8>) -> Self {
        Self::bytes(status, "application/json", body)
    }

    /// Returns an answer with a body of any media type.
    pub(crate) fn bytes(status: u16, media_type: impl Into<Cow<'static, str>>, body: Vec<u8>) -> Self {
        Self::new(status, AnswerBody::Bytes(body)).header("content-type", media_type)
    }

    /// Returns an answer whose body is a value as JSON.
    pub(crate) fn json(status: u16, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::json_bytes(status, body),
            Err(_) => Self::json_bytes(500, br#"{"error":"server_error"}"#.to_vec()),
        }
    }

    /// Returns an error in the form of OAuth (RFC 6749 §5.2, RFC 7591 §3.2.2).
    pub(crate) fn error(status: u16, error: &str, description: &str) -> Self {
        Self::json(status, &json!({ "error": error, "error_description": description }))
            .header("cache-control", "no-store")
    }

    /// Returns the answer to a request whose `Host` is not the authority of a URL.
    pub(crate) fn no_host() -> Self {
        Self::error(400, "invalid_request", "The Host header names no host.")
    }

    /// Returns the answer to a request during an outage. No client throws its credentials away for it.
    pub(crate) fn outage(outage: Outage) -> Self {
        Self::error(503, "temporarily_unavailable", Outage::DESCRIPTION)
            .header("retry-after", outage.retry_after().to_string())
    }

    /// Returns the answer of a feature that is closed because a setting cannot be read. It is like that of an outage,
    /// so that no client discards anything. The owner who tries it reads what to correct.
    pub(crate) fn closed(closed: Closed<'_>) -> Self {
        Self::error(503, "temporarily_unavailable", &closed_text(closed)).header("retry-after", RETRY_CLOSED)
    }

    /// Returns an answer with a page for people, which [`Self::framed`] writes.
    pub(crate) fn page(status: u16, page: Page) -> Self {
        Self::new(status, AnswerBody::Page(page))
    }

    /// Writes the page that the answer holds, if it holds one, into the frame of all pages.
    pub(crate) fn framed(mut self, frame: &Frame) -> Self {
        let AnswerBody::Page(page) = &self.body else { return self };
        let headers = frame.headers(page);
        self.body = AnswerBody::Bytes(frame.document(page).into_bytes());
        let html = self.header("content-type", "text/html; charset=utf-8");
        headers.into_iter().fold(html, |answer, (name, value)| answer.header(name, value))
    }

    /// Returns a stream of Server-Sent Events.
    pub(crate) fn events(events: Events) -> Self {
        Self::event_stream(AnswerBody::Events(events))
    }

    /// Returns Server-Sent Events that are complete.
    pub(crate) fn events_bytes(events: Vec<u8>) -> Self {
        Self::event_stream(AnswerBody::Bytes(events))
    }

    /// Returns a stream of Server-Sent Events that an object writes.
    pub(crate) fn events_of(stream: web_sys::ReadableStream) -> Self {
        Self::event_stream(AnswerBody::Stream(stream))
    }

    /// Returns an answer whose body the runtime passes on.
    pub(crate) fn stream(status: u16, stream: web_sys::ReadableStream) -> Self {
        Self::new(status, AnswerBody::Stream(stream))
    }

    /// Returns an answer whose body is made while it is sent. It breaks off where a part cannot be made, so that nobody takes what arrived
    /// for the whole.
    pub(crate) fn chunks(
        media_type: &'static str,
        chunks: impl Stream<Item = worker::Result<Vec<u8>>> + 'static,
    ) -> Self {
        Self::new(200, AnswerBody::Chunks(Box::pin(chunks))).header("content-type", media_type)
    }

    /// Returns whether it is a page that [`Answer::framed`] has yet to write.
    pub(crate) const fn is_page(&self) -> bool {
        matches!(self.body, AnswerBody::Page(_))
    }

    fn event_stream(body: AnswerBody) -> Self {
        Self::new(200, body)
            .header("content-type", "text/event-stream")
            .header("cache-control", "no-store")
            // A proxy that buffers would hold the events back.
            .header("x-accel-buffering", "no")
    }

    /// Returns its status.
    pub(crate) const fn status(&self) -> u16 {
        self.status
    }

    /// Adds the id of the request to an error of OAuth's form, as a member. [`Self::into_response`] adds it to every
    /// answer as a header.
    pub(crate) fn for_request(mut self, id: &str) -> Self {
        if self.error_name().is_some()
            && let AnswerBody::Bytes(body) = &mut self.body
            && body.pop_if(|last| *last == b'}').is_some()
        {
            body.extend_from_slice(br#","request_id":""#);
            body.extend_from_slice(id.as_bytes());
            body.extend_from_slice(br#""}"#);
        }
        self
    }

    /// Marks an answer that follows from the method, the URL and the headers that were read, from the connector and its settings, and
    /// from nothing else. No request changes anything by getting it.
    pub(crate) const fn reusable(mut self) -> Self {
        self.is_reusable = true;
        self
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds cookies, each as the value of its `Set-Cookie` header.
    pub(crate) fn with_cookies(self, cookies: Vec<String>) -> Self {
        cookies.into_iter().fold(self, |answer, cookie| answer.header("set-cookie", cookie))
    }

    /// Drops the body, for HEAD.
    pub(crate) fn without_body(mut self) -> Self {
        self.body = AnswerBody::Empty;
        self
    }

    /// Returns the kind of its status and headers.
    fn head(&self) -> Head<'_> {
        let headers = || self.headers.iter().map(|(name, value)| (*name, &**value));
        let session = headers().find_map(|(name, value)| (name == SessionId::HEADER).then_some(value));
        if self.status != USUAL_STATUS || !headers().filter(|(name, _)| *name != SessionId::HEADER).eq(USUAL_HEADERS) {
            return Head::Other;
        }
        session.map_or(Head::Usual, Head::Opening)
    }

    /// Has each request like `request` get this answer, whose headers are `head`.
    fn reuse_for(&self, request: &Incoming, head: &str) {
        let body = match &self.body {
            AnswerBody::Bytes(body) => body.as_slice(),
            AnswerBody::Empty => &[],
            AnswerBody::Page(_) | AnswerBody::Events(_) | AnswerBody::Chunks(_) | AnswerBody::Stream(_) => return,
        };
        let log = request.request_log();
        let Some(line) = log.reusable_line() else { return };
        // The next answer has another id, where `for_request` has put that of this one.
        let end = br#""}"#;
        let before_id = self.error_name().and_then(|_| body.strip_suffix(end)?.strip_suffix(log.id().as_bytes()));
        let id_at = before_id.map(<[u8]>::len);
        let body = before_id.map_or_else(|| body.to_vec(), |before| [before, end].concat());
        request.reuse(&ReusedAnswer { status: self.status, head, body: &body, id_at, line: &line });
    }

    /// Returns the runtime's own type, as the answer to `request`.
    ///
    /// # Errors
    ///
    /// Fails if a header has a value that no header can have.
    pub(crate) fn into_response(self, request: &Incoming) -> worker::Result<web_sys::Response> {
        let id = request.request_log().id();
        match (self.head(), &self.body) {
            (Head::Usual, AnswerBody::Bytes(body)) => return Ok(usual_response(id, body)?),
            (Head::Opening(session), AnswerBody::Bytes(body)) => return Ok(opening_response(id, session, body)?),
            _ => {}
        }
        let head = head_of(self.headers.iter().map(|(name, value)| (*name, &**value)))?;
        if self.is_reusable {
            self.reuse_for(request, &head);
        }
        let respond = |body: &ResponseBody<'_>| response(self.status, &head, id, body);
        Ok(match self.body {
            // A page that no frame was given to: no request leads here.
            AnswerBody::Empty | AnswerBody::Page(_) => respond(&ResponseBody::Empty),
            AnswerBody::Bytes(bytes) => respond(&ResponseBody::Bytes(&bytes)),
            AnswerBody::Stream(stream) => respond(&ResponseBody::Stream(&stream)),
            AnswerBody::Chunks(chunks) => {
                let stream = worker::Response::from_stream(chunks)?;
                let stream = web_sys::Response::from(stream).body().map(|stream| request.number().stream(&stream));
                respond(&ResponseBody::Stream(&stream.map_or(JsValue::NULL, JsValue::from)))
            }
            AnswerBody::Events(events) => {
                let stream = worker::Response::from_stream(
                    UntilGone::new(events, request.number(), request.signal()).map(Ok::<_, worker::Error>),
                )?;
                let stream = web_sys::Response::from(stream).body().map(|stream| request.number().stream(&stream));
                respond(&ResponseBody::Stream(&stream.map_or(JsValue::NULL, JsValue::from)))
            }
        }?)
    }
}

impl LoggedAnswer for Answer {
    fn status(&self) -> u16 {
        self.status
    }

    fn error_name(&self) -> Option<&str> {
        let AnswerBody::Bytes(body) = &self.body else { return None };
        if self.status < 400 || !body.starts_with(b"{") {
            return None;
        }
        // Inside a JSON string, the quotes would be escaped.
        let member = br#""error":""#;
        let at = body.windows(member.len()).position(|part| part == member)?;
        let name = body.get(at + member.len()..)?.split(|byte| *byte == b'"').next()?;
        std::str::from_utf8(name).ok()
    }

    fn error_code(&self) -> Option<i32> {
        let AnswerBody::Bytes(body) = &self.body else { return None };
        body.starts_with(br#"{"jsonrpc":"#).then_some(())?;
        serde_json::from_slice::<Value>(body).ok()?.get("error")?.get("code")?.as_i64()?.try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::cors;

    #[test]
    fn the_answer_to_a_call_has_the_usual_head() {
        let call = |status| Answer::json_bytes(status, b"{}".to_vec());
        for (name, answer, head) in [
            ("a result", cors::readable_by(call(200), None), Head::Usual),
            ("a result for a page", cors::readable_by(call(200), Some("https://claude.ai")), Head::Other),
            ("a refusal", cors::readable_by(call(400), None), Head::Other),
            ("with a session", cors::readable_by(call(200).header("mcp-session-id", "s"), None), Head::Opening("s")),
            (
                "a session of a page",
                cors::readable_by(call(200).header("mcp-session-id", "s"), Some("null")),
                Head::Other,
            ),
            ("a document", cors::readable_by_all(call(200)), Head::Other),
            ("nothing", cors::readable_by(Answer::empty(202), None), Head::Other),
        ] {
            assert_eq!(answer.head(), head, "{name}");
        }
    }
}
