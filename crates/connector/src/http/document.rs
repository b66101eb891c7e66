//! Answers with read-only documents.

use crate::config::configuration::Configuration;
use crate::http::answer::Answer;
use crate::http::cors;
use crate::http::incoming::Incoming;
use crate::http::request_guard;
use crate::http::site::Site;

/// Answers a request for a document: GET and HEAD with `document`, OPTIONS for browsers, and nothing else.
pub(crate) fn document(
    incoming: &Incoming,
    site: &Site,
    configuration: &Configuration,
    document: impl FnOnce() -> Answer,
) -> Answer {
    read_only(incoming, site, configuration, document, || cors::readable_by_all(cors::preflight(incoming, None)))
}

/// Answers a request for a document about the server, which pages may revalidate ([`cors::cacheable_by_all`]).
pub(crate) fn cacheable_document(
    incoming: &Incoming,
    site: &Site,
    configuration: &Configuration,
    document: impl FnOnce() -> Answer,
) -> Answer {
    let preflight = || cors::cacheable_by_all(Answer::empty(204)).header("access-control-max-age", cors::MAX_AGE);
    read_only(incoming, site, configuration, document, preflight)
}

fn read_only(
    incoming: &Incoming,
    site: &Site,
    configuration: &Configuration,
    document: impl FnOnce() -> Answer,
    preflight: impl FnOnce() -> Answer,
) -> Answer {
    if let Some(refused) = request_guard::refused_host(site, configuration, incoming) {
        return refused;
    }
    match incoming.method() {
        "GET" | "HEAD" => document(),
        "OPTIONS" => preflight(),
        _ => Answer::error(405, "invalid_request", "This can only be read.").header("allow", "GET, HEAD, OPTIONS"),
    }
}
