//! The answers that several endpoints of the authorization server give.

use mcp_connector_oauth::token::error::{TokenError, TokenErrorResponse};

use crate::http::answer::Answer;
use crate::http::incoming::BodyError;

/// Returns the answer to a body that was not read.
pub(crate) fn unread(error: BodyError) -> Answer {
    Answer::error(error.status(), "invalid_request", &error.to_string())
}

/// Returns a refusal of the token or the revocation endpoint.
pub(crate) fn token_refused(error: TokenError) -> Answer {
    let mut answer = Answer::json(error.status(), &TokenErrorResponse::from(error)).header("cache-control", "no-store");
    if let Some(scheme) = error.www_authenticate() {
        answer = answer.header("www-authenticate", scheme);
    }
    if let Some(seconds) = error.retry_after() {
        answer = answer.header("retry-after", seconds.to_string());
    }
    answer
}

/// Returns a redirect. It is 303 and not 302, so that nobody posts a passphrase on to the client (OAuth 2.1 §7.5.4).
pub(crate) fn see_other(location: String) -> Answer {
    Answer::empty(303)
        .header("location", location)
        .header("cache-control", "no-store")
        .header("referrer-policy", "no-referrer")
}
