//! The Durable Object `Task`, one for each task. [`tasks::Task`] decides what becomes of the task; this object
//! stores it in `SQLite`, and runs its handler beside its own events.
//!
//! While the handler runs, the object has an alarm every few seconds. It keeps the object awake, and if the object was evicted or
//! its isolate has crashed, the next alarm finds nothing running and begins again. The alarm does not wait for the handler,
//! because one that hangs after a crash would hold up all later ones. When the task expires, nothing of it is left.

use std::cell::{Cell, RefCell};
use std::ops::RangeInclusive;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures::future::{AbortHandle, abortable};
use worker::wasm_bindgen_futures::spawn_local;
use worker::{DurableObject, Env, Request, Response, State, console_error, durable_object};

use mcp_connector_base::identifier::{GrantId, Subject};
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_protocol::Unavailable;
use mcp_connector_protocol::deliveries::{AwaitEvent, DeliverEvent, EventKey, ResumeTask};
use mcp_connector_protocol::tasks;
use mcp_connector_protocol::tasks::{
    Answers, BeginTask, CancelTask, Effect, End, GetTask, Journal, ListenToTask, RunJournal, StatusMessage, TaskCall,
    TaskCommand, TaskId, TaskView, UnknownTask, UpdateTask, Wake,
};

use crate::app::state::{App, app};
use crate::config::bindings::Binding;
use crate::oauth::access::grant_checks;
use crate::objects::anonymous_quota::commands::Quota;
use crate::objects::dispatch;
use crate::objects::dispatch::dispatch;
use crate::objects::task::event::{Event, Waiters};
use crate::objects::task::listeners::Listeners;
use crate::objects::task::rows::Rows;
use crate::platform::clock::now_in_milliseconds;
use crate::platform::instance::{Work, lost_work};

/// The object tries again this long after a failure.
const TRY_AGAIN: Duration = Duration::from_secs(30);
/// A task whose rows cannot be read is read again after this long.
const READ_AGAIN: Duration = Duration::from_hours(1);
/// A task whose state cannot be read is deleted after this long.
const KEEP_UNREADABLE: Duration = Duration::from_hours(7 * 24);
/// The interval of the alarm while the handler runs: short at first, and then short enough that the object stays awake. The local
/// runtime lets an object without events sleep after ten seconds.
const ALARM_INTERVAL: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(5);
/// How often the grant behind the task is checked, in milliseconds.
const CHECK_GRANT_EVERY: u64 = 45_000;

/// The object.
#[durable_object(alarm)]
pub struct Task(Rc<Object>);

impl DurableObject for Task {
    fn new(state: State, env: Env) -> Self {
        Self(Rc::new(Object {
            state,
            env,
            running: RefCell::default(),
            listeners: Listeners::default(),
            event_waiters: Waiters::default(),
            registered_for: RefCell::default(),
            checked_grant_at: Cell::new(0),
            has_checked_last_run: Cell::new(false),
            paused_until: Cell::default(),
        }))
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        dispatch!(Binding::Task, dispatch::message(request).await?, {
            BeginTask => async |command| self.0.begin(command).await,
            GetTask => async |command| {
                let task = self.0.answer(command).await?;
                Ok(task.map(|task| task.with_status_message(self.0.said())))
            },
            UpdateTask => async |command| self.0.answer(command).await,
            CancelTask => async |command| self.0.answer(command).await,
            ListenToTask => async |command| self.0.answer(command).await,
            ResumeTask => async |command| self.0.resume(command).await,
            DeliverEvent => async |command| self.0.event().deliver(&command).await,
            AwaitEvent => async |command| self.0.event().wait(command).await,
        })
    }

    async fn alarm(&self) -> worker::Result<Response> {
        if self.0.event().exists()? {
            self.0.event().proceed().await?;
        } else {
            self.0.proceed().await?;
        }
        Response::empty()
    }
}

pub(super) struct Object {
    pub(super) state: State,
    pub(super) env: Env,
    running: RefCell<Option<Running>>,
    listeners: Listeners,
    /// In the object of an event: the calls that wait for it.
    event_waiters: Waiters,
    /// The event whose object has been told that this task waits.
    pub(super) registered_for: RefCell<Option<EventKey>>,
    /// When the grant behind the task was last found valid, in milliseconds since 1970.
    checked_grant_at: Cell<u64>,
    /// Whether it has checked what became of a run in an instance that has died.
    has_checked_last_run: Cell<bool>,
    /// When the handler may run again after the runs that were interrupted, in milliseconds since 1970.
    paused_until: Cell<Option<u64>>,
}

/// A run of the handler in this isolate.
struct Running {
    began: u64,
    status: StatusMessage,
    handle: AbortHandle,
}

impl Object {
    /// Answers a command to the task, if there is one.
    async fn answer<C: TaskCommand>(&self, command: C) -> worker::Result<C::Answer> {
        self.check_last_run()?;
        match self.rows().task()? {
            Some(task) => self.answer_for(task, command).await,
            None => Ok(C::unknown()),
        }
    }

    async fn answer_for<C: TaskCommand>(&self, mut task: tasks::Task, command: C) -> worker::Result<C::Answer> {
        let (answer, effect) = task.answer(command, now_in_milliseconds());
        self.carry_out(&task, effect).await?;
        Ok(answer)
    }

    /// Does what a change of the task entails.
    pub(super) async fn carry_out(&self, task: &tasks::Task, effect: Effect) -> worker::Result<()> {
        match effect {
            Effect::Nothing => {}
            Effect::Save => {
                self.save(task)?;
                if self.listeners.listened_to(&self.rows())?.is_some() {
                    self.wake_in(Duration::ZERO).await?;
                }
            }
            Effect::Run => {
                self.save(task)?;
                self.wake_in(Duration::ZERO).await?;
            }
            Effect::Tell(id) => self.begin_notifying(&id).await?,
            Effect::Stop => {
                self.save(task)?;
                self.stop();
                // It then sleeps until the task expires.
                self.wake_in(Duration::ZERO).await?;
            }
            Effect::Forget => {
                self.stop();
                self.forget().await?;
            }
        }
        Ok(())
    }

    async fn begin(&self, command: BeginTask) -> worker::Result<Result<TaskView, UnknownTask>> {
        self.check_last_run()?;
        if let Some(task) = self.rows().task()? {
            let task = self.answer_for(task, command).await?;
            return Ok(task.map(|task| task.with_status_message(self.said())));
        }
        let BeginTask { call, answers } = command;
        let mut ttl = self.app()?.configuration.task_ttl;
        if call.is_anonymous() {
            ttl = ttl.min(Duration::from_secs(Quota::State.lifetime()));
        }
        let (ttl, now) = (u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX), now_in_milliseconds());
        let task = tasks::Task::begin(&call, answers, ttl, now);
        self.rows().begin(&call, &task)?;
        self.listeners.begin();
        self.checked_grant_at.set(now);
        self.wake_in(Duration::ZERO).await?;
        Ok(Ok(task.view().clone()))
    }

    /// Notifies the streams that listen, and does what is next. It does not fail: the runtime gives up an alarm that
    /// fails six times, and then nobody would end the task.
    async fn proceed(self: &Rc<Self>) -> worker::Result<()> {
        if let Err(error) = self.check_last_run() {
            console_error!("task: {error}");
        }
        let grant = self.cancel_if_revoked().await.unwrap_or_else(|error| {
            console_error!("task: {error}");
            GrantLook::Unanswered
        });
        if let Some(next) = self.give_up_if_unreadable() {
            return self.do_next(next).await;
        }
        let look_again = self.look_for_event().await;
        let again = self.notify().await;
        // An answer may have come, or the handler may have ended, while the streams were notified.
        let age = self.running.borrow().as_ref().map(|running| now_in_milliseconds().saturating_sub(running.began));
        let next = match age {
            Some(age) => Next::Sleep(Duration::from_millis(age).clamp(*ALARM_INTERVAL.start(), *ALARM_INTERVAL.end())),
            // The work of a person who may have disconnected the client does not begin.
            None if grant == GrantLook::Unanswered => Next::Sleep(TRY_AGAIN),
            None => self.decide().unwrap_or_else(|error| {
                console_error!("task: {error}");
                Next::Sleep(TRY_AGAIN)
            }),
        };
        // A wait that is over is due, but its event cannot be asked for before that.
        let next = match (next, look_again) {
            (Next::Sleep(_), Some(later)) => Next::Sleep(later),
            (next, _) => next,
        };
        match (next, again) {
            (Next::Sleep(duration), Some(again)) => self.do_next(Next::Sleep(again.min(duration))).await,
            (next, _) => self.do_next(next).await,
        }
    }

    async fn do_next(&self, next: Next) -> worker::Result<()> {
        match next {
            Next::Sleep(duration) => self.wake_in(duration).await,
            Next::Forget => self.forget().await,
        }
    }

    /// Returns what to do with a task whose state cannot be read: another version of the program may read it, but not for ever.
    fn give_up_if_unreadable(&self) -> Option<Next> {
        let now = now_in_milliseconds();
        let since = self.rows().unreadable_since(now).ok().flatten()?;
        let age = Duration::from_millis(now.saturating_sub(since));
        Some(if age < KEEP_UNREADABLE { Next::Sleep(READ_AGAIN) } else { Next::Forget })
    }

    /// Cancels the task if its grant has ended, or the person has lost the role for it: a person who has disconnected a client wants
    /// nothing more done in its name.
    async fn cancel_if_revoked(&self) -> worker::Result<GrantLook> {
        let now = now_in_milliseconds();
        if now.saturating_sub(self.checked_grant_at.get()) < CHECK_GRANT_EVERY {
            return Ok(GrantLook::Answered);
        }
        // A task that is over has no call.
        let call = self.rows().call()?;
        let Some((subject, grant)) = call.as_ref().and_then(TaskCall::grant) else {
            self.checked_grant_at.set(now);
            return Ok(GrantLook::Answered);
        };
        match self.may_go_on(subject, grant, call.as_ref()).await {
            Ok(true) => self.checked_grant_at.set(now),
            Ok(false) => {
                self.checked_grant_at.set(now);
                if let Some(mut task) = self.rows().task()? {
                    task.cancel(now_in_milliseconds());
                    self.save(&task)?;
                    self.stop();
                }
            }
            // The next alarm asks again.
            Err(Unavailable) => {
                console_error!("task: its grant could not be checked");
                return Ok(GrantLook::Unanswered);
            }
        }
        Ok(GrantLook::Answered)
    }

    /// Ends the task if its handler was running when the last instance died. If something else was, the handler begins
    /// again.
    pub(super) fn check_last_run(&self) -> worker::Result<()> {
        if self.has_checked_last_run.replace(true) {
            return Ok(());
        }
        if lost_work(&self.key()).iter().any(|lost| lost.was_running)
            && let Some(mut task) = self.rows().task()?
        {
            task.died(now_in_milliseconds());
            self.save(&task)?;
        }
        Ok(())
    }

    /// Returns whether the grant is valid, and the roles of the person still allow what the tool needs.
    async fn may_go_on(&self, subject: &Subject, grant: GrantId, call: Option<&TaskCall>) -> Result<bool, Unavailable> {
        let app = self.app().map_err(|_| Unavailable)?;
        let source = app.grant_source(&self.env).await?;
        let checked = grant_checks::check(&self.env, &source, subject, vec![grant]).await?;
        let needed = call.map_or_else(ScopeSet::empty, |call| app.endpoint.registry.task_needs(call));
        Ok(checked.active.contains(&grant) && needed.intersection(checked.standing.withheld()).is_empty())
    }

    /// Begins a run, if it is time for one. Nothing else happens in the object meanwhile.
    fn decide(self: &Rc<Self>) -> worker::Result<Next> {
        let (rows, now) = (self.rows(), now_in_milliseconds());
        let Some(mut task) = rows.task()? else { return Ok(Next::Forget) };
        let paused_until = self.paused_until.get().unwrap_or_else(|| now + task.pause());
        self.paused_until.set(Some(paused_until));
        if now < paused_until && !task.is_over() {
            return Ok(Next::Sleep(Duration::from_millis(paused_until.saturating_sub(now))));
        }
        match task.wake(now) {
            Wake::Forget => Ok(Next::Forget),
            Wake::SleepUntil(then) => Ok(Next::Sleep(Duration::from_millis(then.saturating_sub(now)))),
            Wake::Run(answers, journal) => {
                let call = match rows.call() {
                    Ok(Some(call)) => call,
                    Ok(None) => return Ok(Next::Forget),
                    // The task waits for a version of the program that can read its call, at most until it expires.
                    Err(error) => {
                        console_error!("task: its call cannot be read: {error}");
                        return Ok(Next::Sleep(READ_AGAIN));
                    }
                };
                let app = self.app()?;
                rows.save(&task)?;
                self.run(app, call, (answers, journal), now);
                Ok(Next::Sleep(*ALARM_INTERVAL.start()))
            }
        }
    }

    fn run(self: &Rc<Self>, app: Rc<App>, call: TaskCall, (answers, journal): (Answers, Journal), now: u64) {
        let (object, status) = (Rc::clone(self), StatusMessage::default());
        let said = status.clone();
        let rows = self.rows();
        let journal = RunJournal::new(journal, move |entry| rows.note(entry));
        let (run, handle) = abortable(async move {
            let host = app.host(&object.env);
            let limit = app.configuration.task_time_limit;
            let end = app.endpoint.registry.run_task(host, &call, answers, (said, journal), limit).await;
            object.running.take();
            if let Err(error) = object.end(end).await {
                // The next alarm finds nothing running, and begins again.
                console_error!("task: {error}");
            }
        });
        self.running.replace(Some(Running { began: now, status, handle }));
        let work = Work::begin(&self.key(), "", "");
        spawn_local(async move {
            // It was stopped, or has ended.
            let _ = work.number().run(pin!(run)).await;
        });
    }

    async fn end(self: &Rc<Self>, end: End) -> worker::Result<()> {
        let rows = self.rows();
        if let Some(mut task) = rows.task()? {
            task.ended(end, now_in_milliseconds());
            self.save(&task)?;
        }
        self.proceed().await
    }

    fn stop(&self) {
        if let Some(running) = self.running.take() {
            running.handle.abort();
        }
    }

    /// Returns what the handler has last said of its progress, if it runs.
    fn said(&self) -> Option<String> {
        self.running.borrow().as_ref().and_then(|running| running.status.last())
    }

    async fn begin_notifying(&self, id: &TaskId) -> worker::Result<()> {
        self.listeners.add(&self.rows(), id)?;
        // The streams are notified before the client has its answer, so that its stream begins with the state of the task.
        if self.notify().await.is_some() {
            self.wake_in(Duration::ZERO).await?;
        }
        Ok(())
    }

    async fn notify(&self) -> Option<Duration> {
        self.listeners.notify(&self.env, &self.rows(), || self.said()).await
    }

    pub(super) fn save(&self, task: &tasks::Task) -> worker::Result<()> {
        self.listeners.changed();
        self.rows().save(task)
    }

    async fn wake_in(&self, duration: Duration) -> worker::Result<()> {
        self.state.storage().set_alarm(duration).await
    }

    async fn forget(&self) -> worker::Result<()> {
        self.state.storage().delete_alarm().await?;
        self.state.storage().delete_all().await
    }

    fn app(&self) -> worker::Result<Rc<App>> {
        app(&self.env).map_err(|error| worker::Error::RustError(error.to_string()))
    }

    fn event(&self) -> Event<'_> {
        Event { state: &self.state, env: &self.env, waiters: &self.event_waiters }
    }

    /// Returns the id of this object, by which the guard of the instance knows it.
    pub(super) fn key(&self) -> String {
        self.state.id().to_string()
    }

    pub(super) fn rows(&self) -> Rows {
        Rows::new(self.state.storage().sql())
    }
}

/// Whether it is known that the grant of a task is still valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GrantLook {
    /// It does, or the task has been cancelled, or there is none.
    Answered,
    Unanswered,
}

/// What the object does next.
enum Next {
    Sleep(Duration),
    Forget,
}
