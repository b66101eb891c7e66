//! [`HttpRequest`]: a request that is being built, and how it is sent.

use std::fmt::Display;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;
use worker::js_sys::Uint8Array;
use worker::wasm_bindgen::JsValue;

use mcp_connector_base::http_token::is_token;

use crate::outbound::attempts::{AttemptResult, Attempts, Next};
use crate::outbound::client_settings::{ClientSettings, Method};
use crate::outbound::http_error::{HttpError, UNAUTHORIZED};
use crate::outbound::http_response::{HttpResponse, Limits, SentFor};
use crate::platform::clock::now_in_milliseconds;
use crate::platform::fetch;
use crate::platform::fetch::FetchError;
use crate::platform::timer::Timer;

/// How long a request may take with its retries and the body of the answer, in seconds, unless its author sets another limit.
const TIMEOUT_SECONDS: u64 = 10;

/// The longest limit that an author can set, in seconds.
const MAX_TIMEOUT_SECONDS: u64 = 300;

/// How many bytes an answer may have, unless its author sets another limit.
const MAX_BYTES: usize = 4 << 20;

/// The largest limit that an author can set, in bytes. An isolate has 128 MB for all its requests.
const MOST_BYTES: usize = 32 << 20;

/// Headers that the runtime writes.
const RESERVED: [&str; 6] = ["connection", "content-length", "host", "te", "transfer-encoding", "upgrade"];

/// A request that is being built, begun by [`HttpClient::get`](crate::HttpClient::get) and its like.
///
/// [`json`](Self::json), [`text`](Self::text), [`bytes`](Self::bytes) or [`send`](Self::send) sends it. What cannot be sent, such
/// as a URL that is not valid, is an error there.
#[must_use = "a request is sent by `json`, `text`, `bytes` or `send`"]
pub struct HttpRequest {
    client: Rc<ClientSettings>,
    draft: Result<Draft, HttpError>,
    timeout: Duration,
    max_bytes: usize,
}

/// What is sent.
struct Draft {
    method: Method,
    url: Url,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl HttpRequest {
    pub(crate) fn new(client: Rc<ClientSettings>, method: Method, url: &str) -> Self {
        let mut headers = vec![
            ("accept".to_owned(), "application/json, */*;q=0.5".to_owned()),
            ("user-agent".to_owned(), client.agent.clone()),
        ];
        let token = client.credential.as_ref().map(|credential| credential.token());
        headers.extend(token.map(|token| ("authorization".to_owned(), bearer(&token))));
        let draft = Url::parse(url)
            .map(|url| Draft { method, url, headers, body: None })
            .map_err(|error| HttpError::Request(format!("its URL is not valid: {error}")));
        Self { client, draft, timeout: Duration::from_secs(TIMEOUT_SECONDS), max_bytes: MAX_BYTES }
    }

    /// Appends a segment to the path of the URL. What has a meaning in URLs is escaped, so a text of the model stays one segment.
    ///
    /// ```
    /// # use mcp_connector::{Context, HttpError};
    /// # async fn page(cx: Context, id: &str) -> Result<String, HttpError> {
    /// cx.http().get("https://wiki.example/pages").path(id).path("text").text().await
    /// # }
    /// ```
    pub fn path(self, segment: impl Display) -> Self {
        let segment = segment.to_string();
        self.edit(|draft| {
            // A URL loses tabs and line ends, wherever they are: `.<tab>.` would be `..`.
            if matches!(segment.as_str(), "" | "." | "..") || segment.contains(['\t', '\n', '\r']) {
                let text = "a segment of its path is empty, `.` or `..`, or has a tab or line end";
                return Err(HttpError::Request(text.to_owned()));
            }
            let mut segments =
                draft.url.path_segments_mut().map_err(|()| HttpError::Request("its URL has no path".to_owned()))?;
            segments.pop_if_empty().push(&segment);
            Ok(())
        })
    }

    /// Appends parameters to the query of the URL: the fields of a struct, or pairs. They are escaped once; `None` is left out.
    ///
    /// ```
    /// # use mcp_connector::{Context, HttpError};
    /// # async fn search(cx: Context, words: &str) -> Result<String, HttpError> {
    /// cx.http().get("https://wiki.example/search").query(&[("q", words), ("limit", "10")]).text().await
    /// # }
    /// ```
    pub fn query(self, parameters: &(impl Serialize + ?Sized)) -> Self {
        self.edit(|draft| {
            let parameters = form(parameters, "its query")?;
            let query = match draft.url.query().filter(|query| !query.is_empty()) {
                Some(query) if !parameters.is_empty() => format!("{query}&{parameters}"),
                Some(query) => query.to_owned(),
                None => parameters,
            };
            draft.url.set_query(Some(query.as_str()).filter(|query| !query.is_empty()));
            Ok(())
        })
    }

    /// Sets a header. One that is set already is replaced.
    pub fn header(self, name: &str, value: impl AsRef<str>) -> Self {
        self.edit(|draft| draft.set_header(name, value.as_ref()))
    }

    /// Sends a token as `Authorization: Bearer` (RFC 6750 §2.1).
    pub fn bearer(self, token: impl AsRef<str>) -> Self {
        self.header("authorization", bearer(token.as_ref()))
    }

    /// Sends a value as JSON.
    pub fn body_json(self, value: &(impl Serialize + ?Sized)) -> Self {
        self.edit(|draft| {
            let json = serde_json::to_vec(value)
                .map_err(|error| HttpError::Request(format!("its body cannot be written as JSON: {error}")))?;
            draft.set_body("application/json", json)
        })
    }

    /// Sends the fields of a struct, or pairs, as a form (`application/x-www-form-urlencoded`).
    pub fn form(self, fields: &(impl Serialize + ?Sized)) -> Self {
        self.edit(|draft| {
            let form = form(fields, "its form")?;
            draft.set_body("application/x-www-form-urlencoded", form.into_bytes())
        })
    }

    /// Sends bytes of this media type.
    pub fn body(self, content_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.edit(|draft| draft.set_body(content_type, bytes.into()))
    }

    /// Sets how long the request may take with its retries and the body of the answer: 1 to 300 seconds, 10 without this. The call
    /// has a limit of its own (`TIME_LIMIT_SECONDS`).
    pub fn timeout_seconds(mut self, seconds: u64) -> Self {
        self.timeout = Duration::from_secs(seconds.clamp(1, MAX_TIMEOUT_SECONDS));
        self
    }

    /// Sets how many bytes the answer may have: at most 32 MiB, 4 MiB without this. A longer one is an error, and its rest is not
    /// read.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes.min(MOST_BYTES);
        self
    }

    /// Sends the request, and reads the answer as JSON.
    ///
    /// # Errors
    ///
    /// Fails as [`send`](Self::send) does, for a status that is not 2xx, and if the body is not JSON that fits `T`.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, HttpError> {
        self.send().await?.error_for_status().await?.json().await
    }

    /// Sends the request, and returns the answer as text. Bytes that are not UTF-8 are replaced.
    ///
    /// # Errors
    ///
    /// Fails as [`send`](Self::send) does, and for a status that is not 2xx.
    pub async fn text(self) -> Result<String, HttpError> {
        self.send().await?.error_for_status().await?.text().await
    }

    /// Sends the request, and returns the body of the answer.
    ///
    /// # Errors
    ///
    /// Fails as [`send`](Self::send) does, and for a status that is not 2xx.
    pub async fn bytes(self) -> Result<Vec<u8>, HttpError> {
        self.send().await?.error_for_status().await?.bytes().await
    }

    /// Sends the request, and returns the answer whatever its status.
    ///
    /// # Errors
    ///
    /// Fails if the request cannot be built, its host is not declared, there is no connection or no answer in time.
    pub async fn send(self) -> Result<HttpResponse, HttpError> {
        let Self { client, draft, timeout, max_bytes } = self;
        let mut draft = draft?;
        let limits = Limits { timeout, max_bytes, deadline: now_in_milliseconds().saturating_add(millis(timeout)) };
        let body = draft.body.take().map(|bytes| JsValue::from(Uint8Array::from(bytes.as_slice())));
        let mut attempts = Attempts::of(draft.method);
        let mut credential = client.credential.as_ref();
        loop {
            draft.admitted_by(&client)?;
            let left = limits.left();
            if left.is_zero() {
                return Err(HttpError::TimedOut { host: draft.host(), seconds: timeout.as_secs() });
            }
            let headers = draft.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let answer = fetch::fetch(draft.method.as_str(), draft.url.as_str(), headers, body.as_ref(), left).await;
            let answer = match answer {
                Ok(answer) => Some(answer),
                Err(FetchError::Unreachable) => None,
                Err(FetchError::TimedOut) => {
                    return Err(HttpError::TimedOut { host: draft.host(), seconds: timeout.as_secs() });
                }
            };
            let header = |name: &str| answer.as_ref().and_then(|answer| answer.headers().get(name).ok().flatten());
            let result = match &answer {
                Some(answer) => AttemptResult::Answer {
                    status: answer.status(),
                    retry_after: header("retry-after"),
                    location: header("location"),
                },
                None => AttemptResult::NoConnection,
            };
            match (attempts.next(&result, &draft.url, limits.left()), answer) {
                // With the token of a person no redirect is followed.
                (Next::Follow(url), answer) if client.credential.is_none() => {
                    answer.iter().for_each(fetch::discard);
                    draft.url = url;
                }
                (Next::RetryAfter(wait), answer) => {
                    answer.iter().for_each(fetch::discard);
                    Timer::new(wait).await;
                }
                (Next::End | Next::Follow(_), Some(answer)) => {
                    // The server has not carried out what it refuses. It is asked once more, whatever the method.
                    if answer.status() == UNAUTHORIZED
                        && let Some(refused) = credential.take_if(|credential| draft.sends(&credential.token()))
                        && let Some(token) = refused.refused().await
                    {
                        fetch::discard(&answer);
                        draft.set_header("authorization", &bearer(&token))?;
                        continue;
                    }
                    let sent_for = client.credential.as_ref().map_or(SentFor::Connector, |_| SentFor::Person);
                    return Ok(HttpResponse::new(answer, (draft.host(), sent_for), limits, draft.secrets()));
                }
                (Next::End | Next::Follow(_), None) => return Err(HttpError::Unreachable { host: draft.host() }),
            }
        }
    }

    fn edit(mut self, edit: impl FnOnce(&mut Draft) -> Result<(), HttpError>) -> Self {
        self.draft = self.draft.and_then(|mut draft| edit(&mut draft).map(|()| draft));
        self
    }
}

impl Draft {
    fn host(&self) -> String {
        self.url.host_str().unwrap_or_default().to_owned()
    }

    fn admitted_by(&self, client: &ClientSettings) -> Result<(), HttpError> {
        if client.hosts.admit(&self.url) { Ok(()) } else { Err(HttpError::UndeclaredHost { host: self.host() }) }
    }

    fn set_header(&mut self, name: &str, value: &str) -> Result<(), HttpError> {
        let name = name.to_ascii_lowercase();
        // What a model or a file may have put into it: a line break would be another header.
        let is_value = value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | 0x80..));
        if !is_token(&name) || !is_value || RESERVED.contains(&name.as_str()) {
            let name: String = name.escape_debug().take(64).collect();
            return Err(HttpError::Request(format!("its header `{name}` cannot be sent")));
        }
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.trim().to_owned()));
        Ok(())
    }

    fn set_body(&mut self, content_type: &str, body: Vec<u8>) -> Result<(), HttpError> {
        if self.method == Method::Get {
            return Err(HttpError::Request("a GET has no body".to_owned()));
        }
        self.set_header("content-type", content_type)?;
        self.body = Some(body);
        Ok(())
    }

    /// Returns whether it is sent with this token. A handler may have set another one.
    fn sends(&self, token: &str) -> bool {
        self.headers.iter().any(|(name, value)| name == "authorization" && *value == bearer(token))
    }

    /// Returns what must not be repeated in an error: credentials that an API may say back.
    fn secrets(&self) -> Vec<String> {
        let public = ["accept", "accept-language", "content-type", "user-agent"];
        let of_headers = self.headers.iter().filter(|(name, _)| !public.contains(&name.as_str()));
        let of_headers = of_headers.map(|(_, value)| value.rsplit(' ').next().unwrap_or_default().to_owned());
        let of_query = self.url.query_pairs().filter(|(name, _)| {
            let name = name.to_ascii_lowercase();
            ["key", "token", "secret", "password", "sig"].iter().any(|word| name.contains(word))
        });
        of_headers.chain(of_query.map(|(_, value)| value.into_owned())).filter(|secret| !secret.is_empty()).collect()
    }
}

fn form(fields: &(impl Serialize + ?Sized), what: &str) -> Result<String, HttpError> {
    serde_urlencoded::to_string(fields)
        .map_err(|error| HttpError::Request(format!("{what} has to be a struct or pairs of plain values: {error}")))
}

/// Returns the header with a token (RFC 6750 §2.1).
fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
