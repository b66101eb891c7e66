//! Asks whether a grant is still valid: the object that keeps it, or the authorization server of another Worker.
//!
//! Requests that ask about the same grant at the same time share one question. They cannot share its future, because
//! the runtime ends the I/O of a request with the request. So one of them asks, and each of the others waits for a
//! promise of its own.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use worker::Env;
use worker::js_sys::{Function, Promise};
use worker::wasm_bindgen::JsValue;
use worker::wasm_bindgen_futures::JsFuture;

use mcp_connector_base::identifier::{GrantId, Subject};
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_oauth::grants::checked::CheckedGrants;
use mcp_connector_oauth::grants::commands::{CheckGrants, Grants as _};
use mcp_connector_oauth::resource::bearer::BearerToken;
use mcp_connector_oauth::resource::standing::Standing;
use mcp_connector_oauth::resource::verified_tokens::{GrantCheck, GrantState};
use mcp_connector_protocol::Unavailable;

use crate::oauth::access::grant_source::GrantSource;
use crate::oauth::access::verified_tokens;
use crate::oauth::introspection::client::AuthorizationServer;
use crate::objects::grants::stub::GrantsStub;
use crate::platform::clock::now;
use crate::platform::timer::{timeout, within};

/// How long an object may take to answer. A cold one on another continent needs about one second.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// How long a request waits for the answer of another one, which may have been given up by its client.
pub(crate) const WAIT_LIMIT: Duration = Duration::from_secs(6);

/// A question.
pub(crate) struct Asked {
    pub(crate) env: Env,
    pub(crate) subject: Subject,
    pub(crate) grant: GrantId,
    pub(crate) source: GrantSource,
}

/// The answer about some grants of a person.
pub(crate) struct CheckedStanding {
    pub(crate) active: Vec<GrantId>,
    /// What is known of the person, and which scopes their roles withhold.
    pub(crate) standing: Standing,
}

/// What is asked about: a grant, a token whose grant is not known yet, or the keys of a source, by its name.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum AskedAbout {
    Grant(GrantId),
    Token(BearerToken),
    Keys(String),
}

/// Whether a grant is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    Valid,
    Ended,
}

/// A question that was asked, and the requests that wait for its answer.
struct Question {
    about: AskedAbout,
    waiting: Vec<Function>,
}

thread_local! {
    static PENDING: RefCell<Vec<Question>> = const { RefCell::new(Vec::new()) };
}

/// Asks in any case, and remembers the answer.
///
/// # Errors
///
/// Returns [`Unavailable`] where there is no answer in five seconds.
pub(crate) async fn ask(asked: &Asked) -> Result<Validity, Unavailable> {
    Ok(match look(asked).await? {
        GrantState::Active(_) => Validity::Valid,
        GrantState::Ended => Validity::Ended,
    })
}

/// The same, with what is known of the person.
///
/// # Errors
///
/// As for [`ask`].
pub(crate) async fn look(asked: &Asked) -> Result<GrantState, Unavailable> {
    let asked_at = now();
    let checked = check(&asked.env, &asked.source, &asked.subject, vec![asked.grant]).await?;
    let is_active = checked.active.contains(&asked.grant);
    let state = if is_active { GrantState::Active(checked.standing) } else { GrantState::Ended };
    verified_tokens::record_answer(asked.grant, state.clone(), asked_at);
    Ok(state)
}

/// Asks, or waits for the answer to the same question of another request.
///
/// # Errors
///
/// Returns [`Unavailable`] where the object does not answer in five seconds, or the other request has not in six.
pub(crate) async fn ask_together(asked: &Asked) -> Result<Validity, Unavailable> {
    together(&AskedAbout::Grant(asked.grant), WAIT_LIMIT, Box::pin(async { ask(asked).await.map(drop) })).await?;
    known(asked.grant, now())
}

/// Runs `question`, which remembers its answer, or waits for the same question of another request, for at most `limit`.
///
/// # Errors
///
/// Returns [`Unavailable`] where the question does, or the other request has no answer in time.
pub(crate) async fn together(
    about: &AskedAbout,
    limit: Duration,
    question: Pin<Box<impl Future<Output = Result<(), Unavailable>>>>,
) -> Result<(), Unavailable> {
    let Some(answer) = join_pending(about) else {
        let _pending = PendingQuestion(about.clone());
        return question.await;
    };
    if timeout(limit, answer).await.is_none() {
        // The next request asks again.
        finish(about);
        return Err(Unavailable);
    }
    Ok(())
}

/// Asks which of some grants of a subject are valid, and what is known of the person.
///
/// # Errors
///
/// Returns [`Unavailable`] where there is no answer in five seconds.
pub(crate) async fn check(
    env: &Env,
    source: &GrantSource,
    subject: &Subject,
    grants: Vec<GrantId>,
) -> Result<CheckedStanding, Unavailable> {
    match source {
        GrantSource::Objects(secrets) => {
            let CheckedGrants { active, profile } = within(TIME_LIMIT, async {
                let check = CheckGrants { grants, policy: secrets.policy().clone() };
                GrantsStub { env }.ask(ObjectName::of(subject), check).await.map_err(|_| Unavailable)
            })
            .await?;
            let withheld = secrets.roles().withheld(subject, profile.as_ref());
            Ok(CheckedStanding { active, standing: Standing::new(profile, withheld) })
        }
        GrantSource::AuthorizationServer(configuration) => {
            let server = AuthorizationServer::of(env, configuration).ok_or(Unavailable)?;
            let (active, standing) = server.check(subject, grants).await?;
            Ok(CheckedStanding { active, standing })
        }
    }
}

/// Returns the answer that the other request has got.
fn known(grant: GrantId, now: Timestamp) -> Result<Validity, Unavailable> {
    match verified_tokens::look(grant, now) {
        GrantCheck::Serve | GrantCheck::ServeAndRenew => Ok(Validity::Valid),
        GrantCheck::Refuse => Ok(Validity::Ended),
        GrantCheck::Wait => Err(Unavailable),
    }
}

/// Waits for a question that another request has asked. Returns none if there is none; then this request is the one
/// that asks.
fn join_pending(about: &AskedAbout) -> Option<impl Future<Output = Result<JsValue, JsValue>> + Unpin> {
    PENDING.with_borrow_mut(|questions| {
        let Some(question) = questions.iter_mut().find(|question| question.about == *about) else {
            questions.push(Question { about: about.clone(), waiting: Vec::new() });
            return None;
        };
        let promise = Promise::new(&mut |resolve, _| question.waiting.push(resolve));
        Some(JsFuture::from(promise))
    })
}

/// The question of this request, which ends when it is dropped.
struct PendingQuestion(AskedAbout);

impl Drop for PendingQuestion {
    fn drop(&mut self) {
        finish(&self.0);
    }
}

/// Removes a question, and has all requests that wait check what is known.
fn finish(about: &AskedAbout) {
    let answered: Vec<Question> =
        PENDING.with_borrow_mut(|questions| questions.extract_if(.., |question| question.about == *about).collect());
    for resolve in answered.into_iter().flat_map(|question| question.waiting) {
        // Resolving a promise does not fail.
        let _ = resolve.call0(&JsValue::UNDEFINED);
    }
}
