//! The notes about a request, from its arrival to the last byte of its answer. The line is written when the notes are dropped,
//! which for a stream is at its end.

use std::cell::{Cell, RefCell};

use serde::{Deserialize, Serialize};
use worker::wasm_bindgen::JsValue;

use mcp_connector_base::identifier::ClientId;
use mcp_connector_oauth::clients::client_id;
use mcp_connector_oauth::web::web_url::WebUrl;
use mcp_connector_protocol::{Outcome, ProtocolVersion, RequestHeaders, Summary, TraceParent};

use crate::log::log_line::{LogLine, hex};
use crate::log::metrics;
use crate::platform::clock::now_in_milliseconds;
use crate::platform::{js, random};

/// `LOG`: which requests get a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Log {
    /// `off`: none.
    Off,
    /// `errors`: those that were refused or have failed.
    Errors,
    /// `all`.
    #[default]
    All,
}

/// `LOG_PERSON`: what the line of a request says of its person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogPerson {
    /// `off`: nothing.
    #[default]
    Off,
    /// `hash`: a keyed hash of their id. The same person has the same hash, and nobody without the master key can tell who it is.
    Hash,
    /// `id`: their id.
    Id,
}

/// The notes about one request.
pub(crate) struct RequestLog {
    id: String,
    http: &'static str,
    route: String,
    /// In milliseconds since 1970.
    began: Cell<u64>,
    /// Random numbers: the span of the request in a trace, and a trace of its own if it is in none.
    span: Option<[u64; 3]>,
    /// Set by [`RequestLog::report_to`], as `metrics` and `began` are.
    log: Cell<Log>,
    metrics: RefCell<Option<JsValue>>,
    notes: RefCell<Notes>,
}

/// The facts that an answer reports of itself.
pub(crate) trait LoggedAnswer {
    /// Returns its status.
    fn status(&self) -> u16;
    /// Returns the name of the error, if it is an error of OAuth's form.
    fn error_name(&self) -> Option<&str>;
    /// Returns the code of the error, if it is one of JSON-RPC.
    fn error_code(&self) -> Option<i32>;
}

/// The notes that go along with a request that is carried out elsewhere.
#[derive(Serialize, Deserialize)]
pub(crate) struct ContinuedLog {
    id: String,
    route: String,
    began: u64,
    span: Option<[u64; 3]>,
    client: Option<String>,
    person: Option<String>,
    trace: Option<TraceParent>,
}

#[derive(Default)]
struct Notes {
    status: u16,
    /// In place of the route that the request began with.
    route: Option<String>,
    method: Option<&'static str>,
    name: Option<String>,
    version: Option<ProtocolVersion>,
    client: Option<String>,
    person: Option<String>,
    outcome: Option<Outcome>,
    reason: Option<String>,
    trace: Option<TraceParent>,
}

impl RequestLog {
    /// Begins the notes about a request that has just arrived. `path` is one of ours, or empty.
    pub(crate) fn new(http: &str, path: &str, ray: Option<&str>) -> Self {
        let span = random::numbers();
        Self {
            id: ray.filter(|ray| is_ray(ray)).map(str::to_owned).or_else(|| span.map(own_id)).unwrap_or_default(),
            http: METHODS.into_iter().find(|known| *known == http).unwrap_or("OTHER"),
            route: path.to_owned(),
            began: Cell::default(),
            span,
            log: Cell::default(),
            metrics: RefCell::default(),
            notes: RefCell::default(),
        }
    }

    /// Keeps the id that the request has had in the log before.
    pub(crate) fn with_id(mut self, name: &str) -> Self {
        name.clone_into(&mut self.id);
        self
    }

    /// Continues the notes about a POST that arrived elsewhere.
    pub(crate) fn resume(earlier: ContinuedLog, log: Log, metrics: Option<&JsValue>) -> Self {
        let ContinuedLog { id, route, began, span, client, person, trace } = earlier;
        Self {
            id,
            http: "POST",
            route,
            began: Cell::new(began),
            span,
            log: Cell::new(log),
            metrics: RefCell::new(metrics.cloned()),
            notes: RefCell::new(Notes { client, person, trace, ..Notes::default() }),
        }
    }

    /// Returns the notes for where the request is carried out.
    pub(crate) fn to_continue(&self) -> ContinuedLog {
        let notes = self.notes.borrow();
        ContinuedLog {
            id: self.id.clone(),
            route: self.route.clone(),
            began: self.began.get(),
            span: self.span,
            client: notes.client.clone(),
            person: notes.person.clone(),
            trace: notes.trace,
        }
    }

    /// Suppresses the line. The Durable Object writes it.
    pub(crate) fn suppress(&self) {
        self.log.set(Log::Off);
        self.metrics.take();
    }

    /// Returns the id of the request in the log, in its answer and on an error page: the Ray ID if Cloudflare gave one.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Sets where the line is written. If it is written, this notes the time, which has not passed since the request arrived.
    pub(crate) fn report_to(&self, log: Log, metrics: Option<&JsValue>, headers: &impl RequestHeaders) {
        self.log.set(log);
        self.metrics.replace(metrics.cloned());
        if self.is_written() {
            self.began.set(now_in_milliseconds());
            self.notes.borrow_mut().trace = headers.get(TraceParent::NAME).as_deref().and_then(TraceParent::parse);
        }
    }

    /// Notes the path of a route that the connector declares.
    pub(crate) fn answered_at(&self, path: &str) {
        if self.is_written() {
            self.notes.borrow_mut().route = Some(path.to_owned());
        }
    }

    /// Notes what the body asks for.
    pub(crate) fn request(&self, summary: Summary) {
        let mut notes = self.notes.borrow_mut();
        notes.method = Some(summary.method);
        notes.name = summary.name;
        notes.version = summary.version;
        notes.trace = summary.trace.or(notes.trace);
    }

    /// Notes the client, which is known here.
    pub(crate) fn client(&self, id: &ClientId) {
        if self.is_written() {
            self.notes.borrow_mut().client = Some(short_name(id.as_str()));
        }
    }

    /// Notes the person, as the line may name them.
    pub(crate) fn person(&self, name: String) {
        self.notes.borrow_mut().person = Some(name);
    }

    /// Notes the outcome. Of several outcomes, a failure counts.
    pub(crate) fn answered(&self, outcome: Outcome) {
        let mut notes = self.notes.borrow_mut();
        if !matches!(notes.outcome, Some(Outcome::Error(_) | Outcome::ToolError)) {
            notes.outcome = Some(outcome);
        }
    }

    /// Notes why the request was refused, in words that hold nothing of it.
    pub(crate) fn reason(&self, reason: impl Into<String>) {
        self.notes.borrow_mut().reason = Some(reason.into());
    }

    /// Notes the answer. What the answer says of itself is noted unless more is known.
    pub(crate) fn answer(&self, answer: &impl LoggedAnswer) {
        if !self.is_written() {
            return;
        }
        let mut notes = self.notes.borrow_mut();
        notes.status = answer.status();
        if notes.outcome.is_none() {
            notes.outcome = answer.error_code().map(Outcome::Error);
        }
        if notes.reason.is_none() {
            notes.reason = answer.error_name().map(str::to_owned);
        }
    }

    /// Returns the [template](LogLine::template) of the lines of requests that are answered as this one is. It is empty if none is
    /// written. None if more than a line is written.
    pub(crate) fn reusable_line(&self) -> Option<String> {
        if self.metrics.borrow().is_some() {
            return None;
        }
        let notes = self.notes.borrow();
        let line = self.line(&notes);
        match self.log.get() {
            Log::All => line.template(),
            Log::Errors if line.is_failure() => line.template(),
            Log::Errors | Log::Off => Some(String::new()),
        }
    }

    fn line<'a>(&'a self, notes: &'a Notes) -> LogLine<'a> {
        LogLine {
            id: &self.id,
            http: self.http,
            route: notes.route.as_deref().unwrap_or(&self.route),
            status: notes.status,
            milliseconds: u32::try_from(now_in_milliseconds().saturating_sub(self.began.get())).unwrap_or(u32::MAX),
            method: notes.method,
            name: notes.name.as_deref(),
            version: notes.version,
            client: notes.client.as_deref(),
            person: notes.person.as_deref(),
            outcome: notes.outcome,
            reason: notes.reason.as_deref(),
            trace: notes.trace,
            span: self.span,
        }
    }

    /// Returns whether a line or a data point will be written.
    pub(crate) fn is_written(&self) -> bool {
        self.log.get() != Log::Off || self.metrics.borrow().is_some()
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        if !self.is_written() {
            return;
        }
        let notes = self.notes.borrow();
        let line = self.line(&notes);
        match self.log.get() {
            Log::All => js::log(&line.to_json()),
            Log::Errors if line.is_failure() => js::log(&line.to_json()),
            Log::Errors | Log::Off => {}
        }
        if let Some(dataset) = &*self.metrics.borrow() {
            metrics::write(dataset, &line);
        }
    }
}

const METHODS: [&str; 7] = ["POST", "GET", "DELETE", "OPTIONS", "HEAD", "PUT", "PATCH"];

fn own_id([number, ..]: [u64; 3]) -> String {
    hex(&[number])
}

/// Returns whether a text has the form of a Ray ID: sixteen hexadecimal digits, and maybe the airport.
fn is_ray(text: &str) -> bool {
    let (digits, airport) = text.split_once('-').unwrap_or((text, ""));
    let is_hex = digits.len() == 16 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hex && airport.len() <= 4 && airport.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Returns the host of an identifier that is a URL, the end of one that holds a registration, or else all of it.
fn short_name(id: &str) -> String {
    if let Ok(url) = WebUrl::parse(id) {
        return url.host.to_string();
    }
    match id.strip_prefix(client_id::PREFIX) {
        Some(packed) => format!("registered:{}", packed.get(packed.len().saturating_sub(8)..).unwrap_or_default()),
        None => id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_a_short_name() {
        for (id, name) in [
            ("https://claude.ai/oauth/mcp-oauth-client-metadata", "claude.ai"),
            ("https://app.example/c?x=https://other.example/", "app.example"),
            ("robot", "robot"),
            ("c1_AAAABBBBCCCCDDDD", "registered:CCCCDDDD"),
            ("c1_A", "registered:A"),
        ] {
            assert_eq!(short_name(id), name, "{id}");
        }
    }

    #[test]
    fn only_what_looks_like_a_ray_id_names_a_request() {
        for (text, is) in [
            ("8f3a2b1c4d5e6f70-FRA", true),
            ("8f3a2b1c4d5e6f70", true),
            ("8f3a2b1c4d5e6f70-fra", false),
            ("8f3a2b1c4d5e6f7-FRA", false),
            ("8F3A2B1C4D5E6F70-FRA", false),
            ("8f3a2b1c4d5e6f70-FRA\r\nx", false),
            ("", false),
        ] {
            assert_eq!(is_ray(text), is, "{text:?}");
        }
    }
}
