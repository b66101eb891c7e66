//! Answers to requests whose instance has died. The next instance sends them, from the notes that the first one left.

use std::rc::Rc;

use worker::{Context, Env};

use mcp_connector_base::outage::Outage;
use mcp_connector_protocol::{Fault, Interrupted, Reply};

use crate::app::notes::Note;
use crate::app::state::App;
use crate::http::answer::Answer;
use crate::http::cors;
use crate::http::incoming::Incoming;
use crate::http::request_guard;
use crate::http::route::{McpEndpoint, OAuthEndpoint, Route};
use crate::http::site::Site;
use crate::mcp::http_sse;
use crate::mcp::reply::from_reply;
use crate::mcp::reply::refused;
use crate::oauth::routes;
use crate::oauth::sign_in_error::Start;
use crate::platform::instance::LostRequest;

/// The value of `Retry-After`, in seconds. The next instance is there already.
const RETRY_AFTER: &str = "1";

/// Answers a request whose instance has died. Returns `None` if the request only reads, so that it can run again.
pub(crate) async fn answer(
    app: &Rc<App>,
    site: &Site,
    incoming: &Incoming,
    (env, context): (&Env, &Context),
    lost: &LostRequest,
) -> Option<Answer> {
    let fault = if lost.was_running { Fault::Own } else { Fault::Other };
    let log = incoming.request_log();
    log.reason(match fault {
        Fault::Own => "the instance died of it",
        Fault::Other => "the instance died meanwhile",
    });
    let note = lost.details().and_then(|note| serde_json::from_str::<Note<'_>>(note).ok());
    Some(match (incoming.route(), note) {
        (Route::Mcp(endpoint), Some(Note::Messages(interrupted))) => {
            log.answered(Interrupted::OUTCOME);
            if lost.is_stream {
                return Some(Answer::events_bytes(interrupted.last_event(fault, log.id())));
            }
            let reply = match (endpoint, interrupted.reply(fault, log.id())) {
                // A client of this transport waits for its stream, and reads the answer to a POST only if the POST has
                // failed.
                (McpEndpoint::HttpSse, Reply::Json { status: 200, session, body }) => {
                    Reply::Json { status: 500, session, body }
                }
                (_, reply) => reply,
            };
            readable(retry_where_useful(from_reply(reply)), app, site, incoming)
        }
        (Route::Mcp(_), Some(Note::HttpSse(session))) if lost.is_stream => {
            Answer::events_bytes(http_sse::last_events(env, &session).await)
        }
        // A stream that answers no request just ends.
        (Route::Mcp(_), _) if lost.is_stream => Answer::events_bytes(Vec::new()),
        (Route::Mcp(_), _) => readable(unread(fault, log.id()), app, site, incoming),
        (Route::OAuth(_), Some(Note::Token(request))) if fault == Fault::Other => {
            routes::token_again(app, site, incoming, (env, context), &request).await
        }
        (Route::OAuth(OAuthEndpoint::SignIn(_)), _) => routes::interrupted_page(Start::Application, incoming),
        (Route::OAuth(OAuthEndpoint::Account(_) | OAuthEndpoint::Upstream(_)), _) => {
            routes::interrupted_page(Start::Account, incoming)
        }
        (Route::OAuth(OAuthEndpoint::Direct(_)), _) => cors::readable_by_all(Answer::outage(Outage::Storage)),
        // Its body is gone. A link that was taken is spent.
        (Route::File(_), _) if !matches!(incoming.method(), "GET" | "HEAD") => {
            readable(unread_upload(log.id()), app, site, incoming)
        }
        // A webhook, whose sender tries again.
        (Route::NotFound, _) if incoming.method() == "POST" => Answer::outage(Outage::Storage),
        _ if fault == Fault::Other => return None,
        _ => cors::readable_by_all(Answer::outage(Outage::Storage)),
    })
}

/// Answers a request of which nothing was noted, because it was not carried out yet.
fn unread(fault: Fault, reference: &str) -> Answer {
    match fault {
        Fault::Own => refused(500, &format!("The server failed. (request {reference})")),
        Fault::Other => {
            let text = format!("The server was interrupted. Nothing was changed: try again. (request {reference})");
            retry_where_useful(refused(503, &text))
        }
    }
}

fn unread_upload(reference: &str) -> Answer {
    let text = format!("The server was interrupted. Ask for a new link and send the file again. (request {reference})");
    Answer::error(500, "server_error", &text)
}

fn retry_where_useful(answer: Answer) -> Answer {
    if answer.status() == 503 { answer.header("retry-after", RETRY_AFTER) } else { answer }
}

/// Lets the page that has sent the request read the answer, if it may call the connector.
fn readable(answer: Answer, app: &App, site: &Site, incoming: &Incoming) -> Answer {
    let origin = incoming.header("origin");
    let may = request_guard::check(site, origin.as_deref(), &app.configuration).is_ok();
    cors::readable_by(answer, origin.as_deref().filter(|_| may))
}
