//! Requests of this server itself to other servers: direct, without redirects, with limits of size and time.

use std::time::Duration;

use thiserror::Error;
use worker::wasm_bindgen::JsValue;
use worker::web_sys::Response;

use mcp_connector_base::outage::Outage;

use crate::platform::fetch;
use crate::platform::fetch::FetchError;

/// How long an answer and its body may take, in seconds.
pub(crate) const TIME_LIMIT: u32 = 5;

/// The `User-Agent` of these requests.
pub(crate) const AGENT: &str = concat!("mcp-connector/", env!("CARGO_PKG_VERSION"));

/// Returns whether a `User-Agent` is that of this program, in any version.
pub(crate) fn is_of_our_kind(user_agent: &str) -> bool {
    user_agent.split('/').next() == AGENT.split('/').next()
}

/// A request to another server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutboundRequest<'a> {
    /// The URL.
    pub(crate) url: &'a str,
    /// The header `Authorization`.
    pub(crate) authorization: Option<&'a str>,
    /// The header `Cookie`.
    pub(crate) cookie: Option<&'a str>,
    /// A form to post. Without one, the request is a GET.
    pub(crate) form: Option<&'a str>,
}

impl<'a> OutboundRequest<'a> {
    /// Makes a plain GET.
    pub(crate) const fn get(url: &'a str) -> Self {
        Self { url, authorization: None, cookie: None, form: None }
    }

    /// Sends the request and returns the answer, whatever its status.
    pub(crate) async fn send(self) -> Result<Response, Outage> {
        self.fetch().await.map_err(remote)
    }

    async fn fetch(self) -> Result<Response, FetchError> {
        let headers = [("accept", Some("application/json")), ("user-agent", Some(AGENT))].into_iter().chain([
            ("authorization", self.authorization),
            ("cookie", self.cookie),
            ("content-type", self.form.map(|_| "application/x-www-form-urlencoded")),
        ]);
        let headers = headers.filter_map(|(name, value)| Some((name, value?)));
        let body = self.form.map(JsValue::from_str);
        let method = if body.is_some() { "POST" } else { "GET" };
        let limit = Duration::from_secs(TIME_LIMIT.into());
        fetch::fetch(method, self.url, headers, body.as_ref(), limit).await
    }

    /// Sends the request and returns the body of an answer with status 200.
    pub(crate) async fn document(self, limit: usize) -> Result<FetchedDocument, DocumentError> {
        let response = self.fetch().await?;
        if response.status() != 200 {
            return Err(DocumentError::Status(response.status()));
        }
        let max_age = response.headers().get("cache-control").ok().flatten().as_deref().and_then(max_age);
        let body = fetch::body(&response, limit).await?.ok_or(DocumentError::TooLong)?;
        Ok(FetchedDocument { body, max_age })
    }
}

/// A document that was fetched.
pub(crate) struct FetchedDocument {
    pub(crate) body: Vec<u8>,
    /// For how many seconds it may be cached, if its host says so.
    pub(crate) max_age: Option<u64>,
}

/// Why a document could not be fetched. The text says nothing of what was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum DocumentError {
    /// The answer or its body was not there in time.
    #[error("no answer within {TIME_LIMIT} seconds")]
    TimedOut,
    /// There was no connection, or it broke.
    #[error("no connection")]
    Unreachable,
    /// The answer has another status than 200.
    #[error("status {0}")]
    Status(u16),
    /// The document is longer than its limit.
    #[error("the document is too long")]
    TooLong,
}

impl From<FetchError> for DocumentError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::TimedOut => Self::TimedOut,
            FetchError::Unreachable => Self::Unreachable,
        }
    }
}

impl From<DocumentError> for Outage {
    fn from(_: DocumentError) -> Self {
        Self::Remote
    }
}

/// Returns the body of an answer, or none if it is longer than `limit`.
pub(crate) async fn body(response: &Response, limit: usize) -> Result<Option<Vec<u8>>, Outage> {
    fetch::body(response, limit).await.map_err(remote)
}

fn remote(_: FetchError) -> Outage {
    Outage::Remote
}

fn max_age(cache_control: &str) -> Option<u64> {
    let mut directives = cache_control.split(',').filter_map(|directive| directive.trim().split_once('='));
    directives.find_map(|(name, value)| name.eq_ignore_ascii_case("max-age").then(|| value.parse().ok()).flatten())
}
