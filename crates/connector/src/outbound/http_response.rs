//! [`HttpResponse`]: the answer to a request.

use std::time::Duration;

use serde::de::DeserializeOwned;
use worker::web_sys::Response;

use crate::outbound::api_message::{MAX_ERROR_BYTES, message};
use crate::outbound::attempts::retry_after;
use crate::outbound::http_error::{HttpError, UNAUTHORIZED};
use crate::platform::clock::now_in_milliseconds;
use crate::platform::fetch;
use crate::platform::fetch::FetchError;

/// The answer to an [`HttpRequest`](crate::HttpRequest), whatever its status.
pub struct HttpResponse {
    response: Response,
    host: String,
    sent_for: SentFor,
    limits: Limits,
    /// What an error must not repeat.
    secrets: Vec<String>,
}

/// Whose credential a request was sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SentFor {
    /// One of the connector's own, or none.
    Connector,
    /// That of the person who is calling.
    Person,
}

/// The limits of a request and its answer.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) timeout: Duration,
    pub(crate) max_bytes: usize,
    /// When the time is over, in milliseconds since 1970.
    pub(crate) deadline: u64,
}

impl Limits {
    /// Returns the time that is left.
    pub(crate) fn left(&self) -> Duration {
        Duration::from_millis(self.deadline.saturating_sub(now_in_milliseconds()))
    }
}

impl HttpResponse {
    pub(crate) fn new(
        response: Response,
        (host, sent_for): (String, SentFor),
        limits: Limits,
        secrets: Vec<String>,
    ) -> Self {
        Self { response, host, sent_for, limits, secrets }
    }

    /// Returns the status (RFC 9110 §15).
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status()
    }

    /// Returns the value of a header. Several of the same name are joined with commas.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.response.headers().get(name).ok().flatten()
    }

    /// Returns the answer if its status is 2xx, and an error otherwise. The error holds what the API says about it.
    ///
    /// # Errors
    ///
    /// Fails with [`HttpError::Redirected`] for a redirect that was not followed, and with [`HttpError::Status`] for any other
    /// status.
    pub async fn error_for_status(self) -> Result<Self, HttpError> {
        let status = self.status();
        match status {
            200..=299 => Ok(self),
            300..=399 if self.header("location").is_some() => {
                fetch::discard(&self.response);
                Err(HttpError::Redirected { host: self.host, status })
            }
            _ => {
                let retry_after = self.header("retry-after").as_deref().and_then(retry_after);
                let body = fetch::body(&self.response, MAX_ERROR_BYTES).await.ok().flatten();
                let message = body.and_then(|body| message(&body, &self.secrets));
                Err(match (status, self.sent_for) {
                    (UNAUTHORIZED, SentFor::Person) => HttpError::AccountRefused { host: self.host, message },
                    _ => HttpError::Status { host: self.host, status, message, retry_after },
                })
            }
        }
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    ///
    /// Fails if it is not JSON that fits `T`, is too long or does not arrive in time.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, HttpError> {
        let host = self.host.clone();
        let body = self.bytes().await?;
        serde_json::from_slice(&body).map_err(|error| HttpError::unexpected(host, &error))
    }

    /// Reads the body as text. Bytes that are not UTF-8 are replaced.
    ///
    /// # Errors
    ///
    /// Fails if it is too long or does not arrive in time.
    pub async fn text(self) -> Result<String, HttpError> {
        let body = self.bytes().await?;
        Ok(String::from_utf8(body).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// Reads the body.
    ///
    /// # Errors
    ///
    /// Fails if it is too long or does not arrive in time.
    pub async fn bytes(self) -> Result<Vec<u8>, HttpError> {
        let Self { response, host, limits, .. } = self;
        match fetch::body(&response, limits.max_bytes).await {
            Ok(Some(body)) => Ok(body),
            Ok(None) => Err(HttpError::TooLong { host, max_bytes: limits.max_bytes }),
            Err(FetchError::TimedOut) => Err(HttpError::TimedOut { host, seconds: limits.timeout.as_secs() }),
            Err(FetchError::Unreachable) => Err(HttpError::Unreachable { host }),
        }
    }
}
