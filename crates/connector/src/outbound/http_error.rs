//! [`HttpError`]: why a request to an API failed, in words for the model.

use std::fmt;

use thiserror::Error;

use mcp_connector_base::json::mismatch::without_input;

/// The status of an answer that refuses a token (RFC 6750 §3.1).
pub(crate) const UNAUTHORIZED: u16 = 401;

/// Why a request of [`Context::http`](crate::Context::http) has no usable answer.
///
/// Its text is for the model: what happened, and what to do next. By `?` it becomes a [`ToolError`](crate::ToolError). Match it
/// where your tool knows better:
///
/// ```
/// use mcp_connector::{Context, ToolError};
///
/// async fn page(id: String, cx: Context) -> Result<String, ToolError> {
///     match cx.http().get("https://wiki.example/pages").path(&id).text().await {
///         Err(error) if error.status() == Some(404) => Ok("There is no such page. Call search_pages for the ids.".to_owned()),
///         answer => Ok(answer?),
///     }
/// }
/// ```
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpError {
    /// The request cannot be sent as it was built.
    #[error("A request could not be sent: {0}. This is a mistake in the connector; trying again does not help.")]
    Request(String),
    /// The host is not one of [`Connector::hosts`](crate::Connector::hosts).
    #[error(
        "The connector does not send requests to {}. Its author declares hosts with `Connector::hosts`, and they are reached by https.",
        named(host)
    )]
    UndeclaredHost {
        /// The host of the URL.
        host: String,
    },
    /// There was no connection, or it broke.
    #[error("{host} could not be reached. Try again in a minute.")]
    Unreachable {
        /// The host of the URL.
        host: String,
    },
    /// The answer did not arrive in time.
    #[error("{host} did not answer within {seconds} seconds. Try again, if possible with a smaller request.")]
    TimedOut {
        /// The host of the URL.
        host: String,
        /// The time limit.
        seconds: u64,
    },
    /// The answer is longer than its limit.
    #[error(
        "The answer of {host} is longer than {max_bytes} bytes. Ask for less: a smaller page, or a narrower search."
    )]
    TooLong {
        /// The host of the URL.
        host: String,
        /// The size limit.
        max_bytes: usize,
    },
    /// The API redirected to another origin, or a request that writes. Neither is followed.
    #[error(
        "{host} sent the request elsewhere (status {status}), which the connector does not follow. Trying again does not help."
    )]
    Redirected {
        /// The host of the URL.
        host: String,
        /// The status.
        status: u16,
    },
    /// The API answered with a status that is not 2xx.
    #[error("{}", StatusText { host, status: *status, message: message.as_deref(), retry_after: *retry_after })]
    Status {
        /// The host of the URL.
        host: String,
        /// The status.
        status: u16,
        /// What the API says about it, shortened.
        message: Option<String>,
        /// The seconds of `Retry-After`.
        retry_after: Option<u64>,
    },
    /// The API does not accept the account or key of the person, of a client that [`Context::upstream`](crate::Context#method.upstream)
    /// returned.
    #[error(
        "{host} does not accept the account or key of this person{}. Another one has to be connected.",
        said(message.as_deref())
    )]
    AccountRefused {
        /// The host of the URL.
        host: String,
        /// What the API says about it, shortened.
        message: Option<String>,
    },
    /// The answer is not the JSON that was expected.
    #[error("{host} answered in a form that the connector does not read: {expected}. Trying again does not help.")]
    Unexpected {
        /// The host of the URL.
        host: String,
        /// What was wrong, without what the answer holds.
        expected: String,
    },
}

impl HttpError {
    /// Returns the status of the answer, if its status is the failure.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } | Self::Redirected { status, .. } => Some(*status),
            Self::AccountRefused { .. } => Some(UNAUTHORIZED),
            Self::Request(_)
            | Self::UndeclaredHost { .. }
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::TooLong { .. }
            | Self::Unexpected { .. } => None,
        }
    }

    pub(crate) fn unexpected(host: String, error: &serde_json::Error) -> Self {
        Self::Unexpected { host, expected: without_input(error) }
    }
}

/// What a status means for the model.
struct StatusText<'a> {
    host: &'a str,
    status: u16,
    message: Option<&'a str>,
    retry_after: Option<u64>,
}

impl fmt::Display for StatusText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, next) = match self.status {
            400 | 422 => ("did not accept the request", "Correct the arguments and try again."),
            401 => (
                "did not accept the credential",
                "Trying again does not help: whoever runs the connector has to renew the credential.",
            ),
            403 => ("does not allow this", "Do not try again: the account of the connector may not do it."),
            404 | 410 => {
                ("does not have this", "Check the id or the name, and look it up with another tool if there is one.")
            }
            409 | 412 => ("reports a conflict with its current state", "Read the current state, then decide again."),
            413 => ("does not accept a request of this size", "Try again with less."),
            429 => ("limits how often it can be called", ""),
            500..=599 => ("has a problem of its own", "Try again in a minute; if that fails, tell the person."),
            _ => ("did not answer as expected", "Trying again does not help."),
        };
        write!(f, "{} {what} (status {})", self.host, self.status)?;
        if let Some(message) = self.message {
            write!(f, ". It says: “{message}”")?;
        }
        match (self.status, self.retry_after) {
            (429 | 503, Some(seconds)) => write!(f, ". Try again in {seconds} seconds."),
            (429, None) => f.write_str(". Try again in a minute, and less often."),
            _ => write!(f, ". {next}"),
        }
    }
}

fn said(message: Option<&str>) -> String {
    message.map_or_else(String::new, |message| format!(", and says: “{message}”"))
}

fn named(host: &str) -> &str {
    if host.is_empty() { "a URL without a host" } else { host }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(status: u16, message: Option<&str>, retry_after: Option<u64>) -> String {
        let message = message.map(str::to_owned);
        HttpError::Status { host: "api.example.com".to_owned(), status, message, retry_after }.to_string()
    }

    #[test]
    fn a_refused_account_of_a_person_leads_back_to_connecting() {
        for (message, said) in [(None, ""), (Some("No such key"), ", and says: “No such key”")] {
            let message = message.map(str::to_owned);
            let error = HttpError::AccountRefused { host: "api.example.com".to_owned(), message };
            assert_eq!(error.status(), Some(401));
            assert_eq!(
                error.to_string(),
                format!(
                    "api.example.com does not accept the account or key of this person{said}. Another one has to be connected."
                )
            );
        }
    }

    #[test]
    fn each_status_tells_the_model_what_to_do() {
        for (status, message, retry_after, expected) in [
            (
                400,
                Some("age is not a number"),
                None,
                "did not accept the request (status 400). It says: “age is not a number”. Correct the arguments and try again.",
            ),
            (
                401,
                None,
                None,
                "did not accept the credential (status 401). Trying again does not help: whoever runs the connector has to renew the credential.",
            ),
            (
                403,
                None,
                Some(5),
                "does not allow this (status 403). Do not try again: the account of the connector may not do it.",
            ),
            (
                404,
                Some("Not Found"),
                None,
                "does not have this (status 404). It says: “Not Found”. Check the id or the name, and look it up with another tool if there is one.",
            ),
            (
                409,
                None,
                None,
                "reports a conflict with its current state (status 409). Read the current state, then decide again.",
            ),
            (429, None, Some(30), "limits how often it can be called (status 429). Try again in 30 seconds."),
            (
                429,
                Some("slow down"),
                None,
                "limits how often it can be called (status 429). It says: “slow down”. Try again in a minute, and less often.",
            ),
            (
                500,
                None,
                None,
                "has a problem of its own (status 500). Try again in a minute; if that fails, tell the person.",
            ),
            (503, None, Some(120), "has a problem of its own (status 503). Try again in 120 seconds."),
            (418, None, None, "did not answer as expected (status 418). Trying again does not help."),
        ] {
            assert_eq!(text(status, message, retry_after), format!("api.example.com {expected}"));
        }
    }

    #[test]
    fn an_answer_in_another_form_is_not_repeated() {
        #[derive(Debug, serde::Deserialize)]
        #[allow(dead_code, reason = "only read")]
        struct Page {
            size: u8,
        }
        for (body, expected) in [
            (r#"{"size": "s3cret"}"#, "expected u8 at line 1 column 17"),
            (r#"{"size": 300}"#, "expected u8 at line 1 column 12"),
            ("{}", "missing field `size` at line 1 column 2"),
            ("<html>", "expected value at line 1 column 1"),
        ] {
            let error = serde_json::from_str::<Page>(body).unwrap_err();
            let error = HttpError::unexpected("api.example.com".to_owned(), &error);
            let text = "api.example.com answered in a form that the connector does not read: ";
            assert_eq!(error.to_string(), format!("{text}{expected}. Trying again does not help."), "{body}");
        }
    }
}
