//! The routes of files. A link is a capability: whoever has it may use it, so no cookie is read and no token is asked for.

use std::rc::Rc;

use serde_json::json;
use worker::{Context, Env};

use crate::app::state::App;
use crate::files::downloads::download;
use crate::files::downloads::download::DownloadError;
use crate::files::links::access;
use crate::files::links::access::{LinkError, Opened};
use crate::files::links::link::{DownloadLink, UploadLink};
use crate::files::uploads::upload;
use crate::files::uploads::upload::Received;
use crate::files::uploads::upload_error::UploadError;
use crate::http::answer::Answer;
use crate::http::cors;
use crate::http::incoming::Incoming;
use crate::http::limit::RETRY_AFTER;
use crate::http::navigation::{is_navigation, wants_page};
use crate::http::request_guard;
use crate::http::request_guard::Forbidden;
use crate::http::route::FileEndpoint;
use crate::http::site::Site;
use crate::pages::upload as pages;

const UPLOAD_METHODS: &str = "GET, HEAD, PUT, POST, OPTIONS";
const DOWNLOAD_METHODS: &str = "GET, HEAD, OPTIONS";

/// Answers a request to `endpoint`.
pub(crate) async fn answer(
    app: &Rc<App>,
    site: &Site,
    endpoint: FileEndpoint,
    incoming: &Incoming,
    (env, context): (&Env, &Context),
) -> Answer {
    let origin = incoming.header("origin");
    if let Err(forbidden) = request_guard::check(site, origin.as_deref(), &app.configuration) {
        // A page that may not call learns nothing, not even why.
        let may_read = (forbidden != Forbidden::Origin).then_some(()).and(origin.as_deref());
        return protected(cors::readable_by(Answer::error(403, "access_denied", &forbidden.to_string()), may_read));
    }
    let answer = match (endpoint, incoming.method()) {
        (FileEndpoint::Upload, "OPTIONS") => preflight(UPLOAD_METHODS),
        (FileEndpoint::Download, "OPTIONS") => preflight(DOWNLOAD_METHODS),
        (FileEndpoint::Upload, "GET" | "HEAD") => form(app, env, incoming).await,
        (FileEndpoint::Upload, "PUT" | "POST") => take(app, (env, context), incoming).await,
        (FileEndpoint::Download, "GET" | "HEAD") => send(app, env, incoming).await,
        (FileEndpoint::Upload, _) => not_allowed(UPLOAD_METHODS),
        (FileEndpoint::Download, _) => not_allowed(DOWNLOAD_METHODS),
    };
    protected(cors::file_readable_by(answer, origin.as_deref()))
}

/// Answers a person who opens an upload link in a browser.
async fn form(app: &Rc<App>, env: &Env, incoming: &Incoming) -> Answer {
    let opened: Opened<UploadLink> = match access::open(app, env, incoming).await {
        Ok(opened) => opened,
        Err(error) => return of_link(&error, incoming),
    };
    match opened.bucket.head(&opened.object).await {
        Ok(None) => Answer::page(200, pages::choose(&opened.link, app.endpoint.registry.display_name(), None)),
        Ok(Some(_)) => {
            let error = UploadError::Used;
            Answer::page(error.status(), pages::not_possible(&error.to_string()))
        }
        Err(_) => of_link(&LinkError::Unavailable, incoming),
    }
}

/// Takes a file.
async fn take(app: &Rc<App>, (env, context): (&Env, &Context), incoming: &Incoming) -> Answer {
    let opened: Opened<UploadLink> = match access::open(app, env, incoming).await {
        Ok(opened) => opened,
        Err(error) => return of_link(&error, incoming),
    };
    let link = opened.link.clone();
    let received = upload::receive(opened, env, context, incoming).await;
    if wants_page(incoming) {
        return match received {
            Ok(received) => Answer::page(200, pages::received(received.description.name.as_deref(), received.size)),
            Err(UploadError::Used | UploadError::TooOften) => {
                let error = UploadError::Used;
                Answer::page(error.status(), pages::not_possible(&error.to_string()))
            }
            Err(error) => {
                let title = app.endpoint.registry.display_name();
                incoming.request_log().reason(error.to_string());
                Answer::page(error.status(), pages::choose(&link, title, Some(&error.for_person())))
            }
        };
    }
    match received {
        Ok(Received { key, size, description }) => Answer::json(
            201,
            &json!({ "key": key, "size": size, "content_type": description.content_type, "name": description.name }),
        ),
        Err(error) => {
            let answer = Answer::error(error.status(), "upload_failed", &error.to_string());
            if error.is_passing() { answer.header("retry-after", "5") } else { answer }
        }
    }
}

/// Sends a file.
async fn send(app: &Rc<App>, env: &Env, incoming: &Incoming) -> Answer {
    let opened: Opened<DownloadLink> = match access::open(app, env, incoming).await {
        Ok(opened) => opened,
        Err(error) => return of_link(&error, incoming),
    };
    match download::answer(&opened, incoming).await {
        Ok(answer) => answer,
        Err(DownloadError::Gone) => for_both(404, "not_found", "The file was deleted.", incoming),
        Err(DownloadError::Link(error)) => of_link(&error, incoming),
    }
}

fn of_link(error: &LinkError, incoming: &Incoming) -> Answer {
    let (status, name) = match error {
        LinkError::Unknown => (error.status(), "not_found"),
        LinkError::Expired | LinkError::SignedOut => (error.status(), "gone"),
        LinkError::TooMany => (error.status(), "too_many"),
        LinkError::NotBound(_) | LinkError::Unavailable => (error.status(), "temporarily_unavailable"),
    };
    let answer = for_both(status, name, &error.to_string(), incoming);
    match error {
        LinkError::TooMany => answer.header("retry-after", RETRY_AFTER),
        LinkError::NotBound(_) | LinkError::Unavailable => answer.header("retry-after", "5"),
        LinkError::Unknown | LinkError::Expired | LinkError::SignedOut => answer,
    }
}

/// Says why something is not possible: to a person by a page, to a program by JSON.
fn for_both(status: u16, name: &str, text: &str, incoming: &Incoming) -> Answer {
    if is_navigation(incoming) || wants_page(incoming) {
        incoming.request_log().reason(name);
        return Answer::page(status, pages::not_possible(text));
    }
    Answer::error(status, name, text)
}

fn not_allowed(methods: &'static str) -> Answer {
    Answer::error(405, "invalid_request", "This link does not take that method.").header("allow", methods)
}

fn preflight(methods: &'static str) -> Answer {
    Answer::empty(204)
        .header("access-control-allow-methods", methods)
        .header("access-control-allow-headers", "content-type, content-disposition, range, if-range, if-none-match")
        .header("access-control-max-age", cors::MAX_AGE)
}

/// Adds the headers that keep a file from running, and its link from leaking. A page has stricter ones of its own.
fn protected(answer: Answer) -> Answer {
    if answer.is_page() {
        return answer.header("cross-origin-resource-policy", "same-origin");
    }
    answer
        .header("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
        .header("x-content-type-options", "nosniff")
        .header("cross-origin-resource-policy", "same-origin")
        .header("referrer-policy", "no-referrer")
        .header("x-robots-tag", "noindex")
}
