//! How a connector declares what it does with events.

use serde::de::DeserializeOwned;

use crate::author::connector::Connector;
use crate::author::events::event_context::EventContext;
use crate::author::events::webhook::Webhook;
use crate::author::events::webhook_request::WebhookRequest;
use crate::author::tools::tool_error::ToolError;

/// Events from outside: webhooks, schedules and queues.
impl<H: 'static> Connector<H> {
    /// Answers POST at `path` with `handler`, if the signature is valid: a webhook of another service.
    ///
    /// The sender gets 204 when the handler has ended, 500 where it fails, so that it tries again, and 401 without a word where
    /// the signature is not valid. The path is below one of your own, such as `/hooks/github`; the Worker's own are refused by
    /// [`Connector::check`].
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Change, Connector, EventContext, ToolError, Webhook, WebhookRequest};
    ///
    /// async fn pushed(_request: WebhookRequest, cx: EventContext) -> Result<(), ToolError> {
    ///     cx.announce(Change::resource("repository://readme")).await;
    ///     Ok(())
    /// }
    ///
    /// let connector = Connector::new("repository", "1.0.0")
    ///     .webhook("/hooks/github", Webhook::github("GITHUB_WEBHOOK_SECRET"), pushed);
    /// assert_eq!(connector.check(), []);
    /// ```
    #[must_use]
    pub fn webhook<C, F, Fut>(mut self, path: impl Into<String>, webhook: Webhook, handler: F) -> Self
    where
        C: From<EventContext<H>>,
        F: Fn(WebhookRequest, C) -> Fut + 'static,
        Fut: Future<Output = Result<(), ToolError>> + 'static,
    {
        self.events.add_webhook(path.into(), webhook, move |request, cx| handler(request, C::from(cx)));
        self
    }

    /// Runs `handler` by a schedule of `wrangler.toml` (`[triggers] crons`). `cron` is the expression as it is written there.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Change, Connector, EventContext, ToolError};
    ///
    /// async fn every_morning(cx: EventContext) -> Result<(), ToolError> {
    ///     cx.announce(Change::resource("report://today")).await;
    ///     Ok(())
    /// }
    ///
    /// let connector = Connector::new("reports", "1.0.0").cron("0 6 * * *", every_morning);
    /// ```
    #[must_use]
    pub fn cron<C, F, Fut>(mut self, cron: impl Into<String>, handler: F) -> Self
    where
        C: From<EventContext<H>>,
        F: Fn(C) -> Fut + 'static,
        Fut: Future<Output = Result<(), ToolError>> + 'static,
    {
        self.events.add_schedule(cron.into(), move |cx| handler(C::from(cx)));
        self
    }

    /// Runs `handler` for each message of a queue of `wrangler.toml` (`[[queues.consumers]]`), one after the other.
    ///
    /// A message is JSON of the form of a `T`. A message whose handler fails comes again, as `max_retries` of the queue says, and
    /// so does one of another form; the others of its batch do not.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Change, Connector, EventContext, Subject, ToolError};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Finished {
    ///     report: u64,
    ///     person: Subject,
    /// }
    ///
    /// async fn finished(message: Finished, cx: EventContext) -> Result<(), ToolError> {
    ///     cx.announce_to(&message.person, Change::resource(format!("report://{}", message.report))).await;
    ///     Ok(())
    /// }
    ///
    /// let connector = Connector::new("reports", "1.0.0").queue("reports", finished);
    /// ```
    #[must_use]
    pub fn queue<T, C, F, Fut>(mut self, queue: impl Into<String>, handler: F) -> Self
    where
        T: DeserializeOwned,
        C: From<EventContext<H>>,
        F: Fn(T, C) -> Fut + 'static,
        Fut: Future<Output = Result<(), ToolError>> + 'static,
    {
        self.events.add_queue(queue.into(), move |message, cx| handler(message, C::from(cx)));
        self
    }
}
