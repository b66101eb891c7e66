//! Fetches the documents that describe clients (Client ID Metadata Documents). What may be fetched, what is accepted and for
//! how long it serves is decided in `crate::oauth`; here it is asked for, within its bounds.

use std::cell::RefCell;

use worker::web_sys::Response;

use crate::oauth::Timestamp;
use crate::oauth::client::Client;
use crate::oauth::client_id_metadata::{ClientIdUrl, InvalidDocument, MAX_DOCUMENT};
use crate::oauth::client_record::ClientHash;
use crate::oauth::document_cache::{FetchProblem, KeptDocument, Lifetime, Plan, ResponseHead, Settled, settle};
use crate::oauth::outage::Outage;
use crate::oauth::redirect_uri::RedirectPolicy;
use crate::worker::client_records;
use crate::worker::outbound::{self, Outbound};

use super::Desk;

/// Most documents that an isolate keeps.
const CAPACITY: usize = 256;
/// A host that did not answer is left alone for so many seconds.
const PAUSE: u64 = 15;

/// What an isolate knows of a document.
struct Known {
    url: ClientIdUrl,
    document: Option<KeptDocument>,
    /// Before this the host is not asked again.
    pause_until: Timestamp,
}

thread_local! {
    static KNOWN: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
}

/// The client that is described at `url`.
pub(super) async fn client(desk: &Desk<'_>, url: &ClientIdUrl) -> Result<Option<Client>, Outage> {
    let (policy, now) = (&desk.configuration().redirect_policy, desk.now);
    let (kept, pause_until) = KNOWN.with_borrow(|known| {
        let known = known.iter().find(|known| known.url == *url);
        known.map_or((None, Timestamp::default()), |known| (known.document.clone(), known.pause_until))
    });
    if let Plan::Use(client) = KeptDocument::plan(kept.as_ref(), url, policy, now) {
        return Ok(Some(client));
    }
    let fetched = if now < pause_until { Err(FetchProblem::Unavailable) } else { fetch(url).await };
    let no_answer = matches!(fetched, Err(FetchProblem::Unavailable));
    let fetched = fetched.as_ref().map(|(lifetime, body)| (*lifetime, body.as_slice())).map_err(|problem| *problem);
    match settle(fetched, kept.as_ref(), url, policy, now) {
        Settled::New(client, document) => {
            remember(url, document, Timestamp::default(), now);
            Ok(Some(client))
        }
        Settled::FromCopy(client) => {
            if no_answer && now >= pause_until {
                remember(url, kept, now.plus(PAUSE), now);
            }
            Ok(Some(client))
        }
        Settled::Unavailable => {
            if no_answer && now >= pause_until {
                remember(url, None, now.plus(PAUSE), now);
            }
            // What a person has allowed serves while the host of the document does not answer.
            let stored = client_records::look(desk.env, &ClientHash::of(url.id())).await.ok().flatten();
            let allowed = stored.and_then(|stored| stored.document_client(url, policy, now));
            allowed.map(Some).ok_or(Outage::Remote)
        }
        Settled::Unknown => {
            KNOWN.with_borrow_mut(|known| known.retain(|known| known.url != *url));
            Ok(None)
        }
    }
}

/// The client as this isolate knows it from its document, which is not fetched for this.
pub(super) fn known(url: &ClientIdUrl, policy: &RedirectPolicy, now: Timestamp) -> Option<Client> {
    let kept = KNOWN.with_borrow(|known| known.iter().find(|known| known.url == *url)?.document.clone())?;
    kept.last_known(url, policy, now)
}

fn remember(url: &ClientIdUrl, document: Option<KeptDocument>, pause_until: Timestamp, now: Timestamp) {
    let document_lives = |known: &Known| known.document.as_ref().is_some_and(|document| now <= document.forget_at());
    KNOWN.with_borrow_mut(|known| {
        known.retain(|known| known.url != *url && (document_lives(known) || now < known.pause_until));
        if known.len() >= CAPACITY {
            // The one that was fetched first.
            known.remove(0);
        }
        known.push(Known { url: url.clone(), document, pause_until });
    });
}

/// One request, directly to the host, without credentials.
async fn fetch(url: &ClientIdUrl) -> Result<(Lifetime, Vec<u8>), FetchProblem> {
    let unavailable = |_| FetchProblem::Unavailable;
    let response = Outbound::get(url.as_str()).send().await.map_err(unavailable)?;
    let lifetime = accept(&response)?;
    let body = outbound::body(&response, MAX_DOCUMENT).await.map_err(unavailable)?;
    Ok((lifetime, body.ok_or(FetchProblem::Invalid(InvalidDocument::TooLong))?))
}

fn accept(response: &Response) -> Result<Lifetime, FetchProblem> {
    let headers = response.headers();
    let header = |name: &str| headers.get(name).ok().flatten();
    let (content_type, cache_control, age) = (header("content-type"), header("cache-control"), header("age"));
    ResponseHead {
        status: response.status(),
        content_type: content_type.as_deref(),
        content_length: header("content-length").and_then(|length| length.parse().ok()),
        cache_control: cache_control.as_deref(),
        age: age.as_deref(),
    }
    .accept()
}
