//! Functions of the author around every call of a tool, reading of a resource and prompt: for quotas, audits and flags.
//!
//! A hook gets the call and what continues it, as middleware of axum does. How it runs is in
//! [`surrounded`](crate::call::surrounded).

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use futures::future::LocalBoxFuture;
use serde_json::Value;

use crate::author::handler::HandlerFuture;
use crate::author::tools::tool_error::{ToolError, Unfinished};
use crate::call::context::Context;
use crate::host::bundle::Host;
use mcp_connector_base::caller::Caller;

/// A function around calls.
type Hook<H> = Box<dyn Fn(Call<H>, Next<H>) -> HandlerFuture<CallOutcome>>;

/// The functions around the calls of a connector, the outermost first.
pub(crate) struct Hooks<H>(Vec<Hook<H>>);

impl<H> Hooks<H> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a function inside those that are there.
    pub(crate) fn add<F, C, Fut>(&mut self, hook: F)
    where
        F: Fn(C, Next<H>) -> Fut + 'static,
        C: From<Call<H>>,
        Fut: Future<Output = Result<CallOutcome, ToolError>> + 'static,
    {
        self.0.push(Box::new(move |call, next| Box::pin(hook(call.into(), next))));
    }

    pub(crate) fn are_none(&self) -> bool {
        self.0.is_empty()
    }
}

/// What is called.
///
/// # Examples
///
/// ```
/// use mcp_connector::CallKind;
///
/// assert_eq!(CallKind::Tool.as_str(), "tool");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// A tool (`tools/call`).
    Tool,
    /// A resource is read (`resources/read`).
    Resource,
    /// A prompt (`prompts/get`).
    Prompt,
}

impl CallKind {
    /// Returns the kind in one word: `tool`, `resource` or `prompt`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Resource => "resource",
            Self::Prompt => "prompt",
        }
    }
}

/// A call of a tool, a reading of a resource or a prompt, as the functions given to
/// [`Connector::around`](crate::author::connector::Connector::around) see it.
///
/// Its caller has the scopes that it takes, and sees what is called. A clone refers to the same call.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Call, CallOutcome, Next, ToolError};
///
/// async fn weekdays_only(call: Call, next: Next) -> Result<CallOutcome, ToolError> {
///     let is_paused = call.cx().env().var("PAUSED").is_ok_and(|tools| tools.to_string().contains(call.name()));
///     if is_paused {
///         return Err(ToolError::new("This is switched off for the moment. Try again tomorrow."));
///     }
///     Ok(next.run().await)
/// }
/// ```
pub struct Call<H>(Rc<CallParts<H>>);

impl<H> Clone for Call<H> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

/// What is known of a call.
pub(crate) struct CallParts<H> {
    pub(crate) kind: CallKind,
    pub(crate) name: String,
    pub(crate) arguments: Value,
    pub(crate) is_read_only: bool,
    pub(crate) is_in_background: bool,
    pub(crate) cx: Context<H>,
}

impl<H: Host> Call<H> {
    /// Returns what is called.
    #[must_use]
    pub fn kind(&self) -> CallKind {
        self.0.kind
    }

    /// Returns the name of the tool or the prompt, or the URI of the resource.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the arguments: of a tool as the client sent them, before they are checked; of a prompt, or of a resource of a
    /// template, checked. They may hold what people would not want in a log.
    #[must_use]
    pub fn arguments(&self) -> &Value {
        &self.0.arguments
    }

    /// Returns who is calling, or `None` if it is public and the client sent no token.
    #[must_use]
    pub fn caller(&self) -> Option<&Caller> {
        self.0.cx.caller()
    }

    /// Returns whether it says that it changes nothing. Resources and prompts never change anything.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.0.is_read_only
    }

    /// Returns whether this is a run of a task in the background, after the call that began it.
    #[must_use]
    pub fn is_in_background(&self) -> bool {
        self.0.is_in_background
    }

    /// Returns the context of the call, which is that of its handler: the bindings of the Worker, the stores of the caller, and
    /// the way back to the client.
    #[must_use]
    pub fn cx(&self) -> &Context<H> {
        &self.0.cx
    }
}

/// How a call ended, as [`Next::run`] returns it. A function around calls returns it in turn, so that it cannot forget to run the
/// call.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Call, CallOutcome, Next, ToolError};
///
/// async fn report(call: Call, next: Next) -> Result<CallOutcome, ToolError> {
///     let outcome = next.run().await;
///     if let Some(error) = outcome.error() {
///         mcp_connector::worker::console_warn!("{} failed: {error}", call.name());
///     }
///     Ok(outcome)
/// }
/// ```
#[derive(Debug)]
pub struct CallOutcome(Ending);

#[derive(Debug)]
enum Ending {
    Done,
    Failed(String),
    InputRequired,
    AsTask,
    Waiting,
    Stopped,
}

impl CallOutcome {
    /// Returns the outcome in one word.
    ///
    /// - `done`: with a result.
    /// - `failed`: with an error, from the handler, for arguments that do not fit, or from an inner hook.
    /// - `input_required`: with a question to the client, from 2026-07-28 on. The call comes again with the answer.
    /// - `task`: it goes on in the background.
    /// - `waiting`: a task waits for an event. The call comes again with it.
    /// - `stopped`: it was cancelled, its client left, or it took too long. What it had done until then is done.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self.0 {
            Ending::Done => "done",
            Ending::Failed(_) => "failed",
            Ending::InputRequired => "input_required",
            Ending::AsTask => "task",
            Ending::Waiting => "waiting",
            Ending::Stopped => "stopped",
        }
    }

    /// Returns the text of the error of a call that has failed.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        match &self.0 {
            Ending::Failed(text) => Some(text),
            Ending::Done | Ending::InputRequired | Ending::AsTask | Ending::Waiting | Ending::Stopped => None,
        }
    }

    /// Returns whether the call continues, so that the hook runs for it again: it has asked its client something, waits for
    /// an event, or became a task.
    #[must_use]
    pub const fn continues(&self) -> bool {
        matches!(self.0, Ending::InputRequired | Ending::AsTask | Ending::Waiting)
    }

    pub(crate) const fn done() -> Self {
        Self(Ending::Done)
    }

    pub(crate) const fn stopped() -> Self {
        Self(Ending::Stopped)
    }

    pub(crate) const fn as_task() -> Self {
        Self(Ending::AsTask)
    }

    pub(crate) const fn failed(text: String) -> Self {
        Self(Ending::Failed(text))
    }

    pub(crate) fn unfinished(unfinished: &Unfinished) -> Self {
        match unfinished {
            Unfinished::Error(error) => Self::failed(error.message().to_owned()),
            Unfinished::InputRequired => Self(Ending::InputRequired),
            Unfinished::AsTask => Self::as_task(),
            Unfinished::Waiting => Self(Ending::Waiting),
        }
    }
}

/// The rest of a call: the other functions around it, and its handler.
///
/// A function given to [`Connector::around`](crate::author::connector::Connector::around) runs it at most once. To refuse the
/// call, it returns an error instead.
pub struct Next<H> {
    hooks: Rc<Hooks<H>>,
    /// The number of the hook that is next.
    position: usize,
    call: Call<H>,
    work: LocalBoxFuture<'static, CallOutcome>,
    /// The error of an inner hook, which is the end of the call.
    refusal: Rc<RefCell<Option<ToolError>>>,
}

impl<H: Host> Next<H> {
    /// Returns all of a call: its hooks and `work`. The error with which a hook ends the call goes to `refusal`.
    pub(crate) fn all(
        hooks: &Rc<Hooks<H>>,
        call: CallParts<H>,
        work: LocalBoxFuture<'static, CallOutcome>,
        refusal: &Rc<RefCell<Option<ToolError>>>,
    ) -> Self {
        let (hooks, refusal) = (Rc::clone(hooks), Rc::clone(refusal));
        Self { hooks, position: 0, call: Call(Rc::new(call)), work, refusal }
    }

    /// Runs the call, and returns how it ended.
    ///
    /// It resolves, too, where the call was stopped, so that what comes after it runs in any case but one: a handler that panics
    /// ends its instance, and its hooks with it.
    pub async fn run(self) -> CallOutcome {
        let Self { hooks, position, call, work, refusal } = self;
        let Some(hook) = hooks.0.get(position) else { return work.await };
        let rest =
            Self { hooks: Rc::clone(&hooks), position: position.saturating_add(1), call: call.clone(), work, refusal };
        let refusal = Rc::clone(&rest.refusal);
        match hook(call, rest).await {
            Ok(outcome) => outcome,
            Err(error) => {
                let outcome = CallOutcome(error.ending());
                refusal.replace(Some(error));
                outcome
            }
        }
    }
}

impl ToolError {
    fn ending(&self) -> Ending {
        match self.outcome() {
            Ok(text) => Ending::Failed(text.to_owned()),
            Err(unfinished) => CallOutcome::unfinished(&unfinished).0,
        }
    }
}
