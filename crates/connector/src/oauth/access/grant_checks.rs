//! Asks the object that keeps a grant whether the grant is still valid.
//!
//! Requests that ask about the same grant at the same time share one question. They cannot share its future, because
//! the runtime ends the I/O of a request with the request. So one of them asks, and each of the others waits for a
//! promise of its own.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
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
use mcp_connector_oauth::resource::standing::Standing;
use mcp_connector_oauth::resource::verified_tokens::{GrantCheck, GrantState};
use mcp_connector_protocol::Unavailable;

use crate::oauth::access::remembered;
use crate::oauth::secrets::Secrets;
use crate::objects::grants::stub::GrantsStub;
use crate::platform::clock::now;
use crate::platform::timer::{timeout, within};

/// How long an object may take to answer. A cold one on another continent needs about one second.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// How long a request waits for the answer of another one, which may have been given up by its client.
const WAIT_LIMIT: Duration = Duration::from_secs(6);

/// A question.
pub(crate) struct Asked {
    pub(crate) env: Env,
    pub(crate) subject: Subject,
    pub(crate) grant: GrantId,
    pub(crate) secrets: Rc<Secrets>,
}

/// Whether a grant is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    Valid,
    Ended,
}

/// A question that was asked, and the requests that wait for its answer.
struct Question {
    grant: GrantId,
    waiting: Vec<Function>,
}

thread_local! {
    static PENDING: RefCell<Vec<Question>> = const { RefCell::new(Vec::new()) };
}

/// Asks in any case, and remembers the answer.
///
/// # Errors
///
/// Returns [`Unavailable`] where the object does not answer in five seconds.
pub(crate) async fn ask(asked: &Asked) -> Result<Validity, Unavailable> {
    let (asked_at, roles) = (now(), asked.secrets.roles());
    let CheckedGrants { active, profile } =
        check(&asked.env, &asked.secrets, &asked.subject, vec![asked.grant]).await?;
    let (state, validity) = if active.contains(&asked.grant) {
        let withheld = roles.withheld(&asked.subject, profile.as_ref());
        (GrantState::Active(Standing::new(profile, withheld)), Validity::Valid)
    } else {
        (GrantState::Ended, Validity::Ended)
    };
    remembered::record_answer(asked.grant, state, asked_at);
    Ok(validity)
}

/// Asks, or waits for the answer to the same question of another request.
///
/// # Errors
///
/// Returns [`Unavailable`] where the object does not answer in five seconds, or the other request has not in six.
pub(crate) async fn ask_together(asked: &Asked) -> Result<Validity, Unavailable> {
    together(asked.grant, Box::pin(async { ask(asked).await.map(drop) })).await?;
    known(asked.grant, now())
}

/// Runs `question`, which remembers its answer, or waits for the same question of another request.
///
/// # Errors
///
/// Returns [`Unavailable`] where the question does, or the other request has no answer in six seconds.
pub(crate) async fn together(
    grant: GrantId,
    question: Pin<Box<impl Future<Output = Result<(), Unavailable>>>>,
) -> Result<(), Unavailable> {
    let Some(answer) = join_pending(grant) else {
        let _pending = PendingQuestion(grant);
        return question.await;
    };
    if timeout(WAIT_LIMIT, answer).await.is_none() {
        // The next request asks again.
        finish(grant);
        return Err(Unavailable);
    }
    Ok(())
}

/// Asks a subject's object which of some grants are valid, and what is known of the person.
///
/// # Errors
///
/// Returns [`Unavailable`] where the object does not answer in five seconds.
pub(crate) async fn check(
    env: &Env,
    secrets: &Secrets,
    subject: &Subject,
    grants: Vec<GrantId>,
) -> Result<CheckedGrants, Unavailable> {
    let check = CheckGrants { grants, policy: secrets.policy().clone() };
    let objects = GrantsStub { env };
    let answer = objects.ask(ObjectName::of(subject), check);
    within(TIME_LIMIT, async { answer.await.map_err(|_| Unavailable) }).await
}

/// Returns the answer that the other request has got.
fn known(grant: GrantId, now: Timestamp) -> Result<Validity, Unavailable> {
    match remembered::look(grant, now) {
        GrantCheck::Serve | GrantCheck::ServeAndRenew => Ok(Validity::Valid),
        GrantCheck::Refuse => Ok(Validity::Ended),
        GrantCheck::Wait => Err(Unavailable),
    }
}

/// Waits for a question that another request has asked. Returns none if there is none; then this request is the one
/// that asks.
fn join_pending(grant: GrantId) -> Option<impl Future<Output = Result<JsValue, JsValue>> + Unpin> {
    PENDING.with_borrow_mut(|questions| {
        let Some(question) = questions.iter_mut().find(|question| question.grant == grant) else {
            questions.push(Question { grant, waiting: Vec::new() });
            return None;
        };
        let promise = Promise::new(&mut |resolve, _| question.waiting.push(resolve));
        Some(JsFuture::from(promise))
    })
}

/// The question of this request, which ends when it is dropped.
struct PendingQuestion(GrantId);

impl Drop for PendingQuestion {
    fn drop(&mut self) {
        finish(self.0);
    }
}

/// Removes a question, and has all requests that wait check what is known.
fn finish(grant: GrantId) {
    let answered: Vec<Question> =
        PENDING.with_borrow_mut(|questions| questions.extract_if(.., |question| question.grant == grant).collect());
    for resolve in answered.into_iter().flat_map(|question| question.waiting) {
        // Resolving a promise does not fail.
        let _ = resolve.call0(&JsValue::UNDEFINED);
    }
}
