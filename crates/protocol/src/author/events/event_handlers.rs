//! The handlers of events, as a connector declares them.

use futures::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use crate::author::config_error::{ConfigError, ErrorKind};
use crate::author::events::event_context::EventContext;
use crate::author::events::webhook::Webhook;
use crate::author::events::webhook_request::WebhookRequest;
use crate::author::tools::tool_error::ToolError;

/// Longest path of a webhook, in bytes.
const MAX_PATH: usize = 128;

/// The first parts of the paths that the Worker answers itself.
pub const RESERVED: [&str; 14] = [
    ".well-known",
    "account",
    "authorize",
    "favicon.ico",
    "favicon.png",
    "favicon.svg",
    "files",
    "mcp",
    "private",
    "register",
    "revoke",
    "sse",
    "token",
    "upstream",
];

/// What a handler does with an event.
type Handling = LocalBoxFuture<'static, Result<(), ToolError>>;
type Handler<H, E> = Box<dyn Fn(E, EventContext<H>) -> Handling>;

/// A webhook, with its path and its handler.
pub struct WebhookRoute<H> {
    pub path: String,
    pub webhook: Webhook,
    handler: Handler<H, WebhookRequest>,
}

impl<H> WebhookRoute<H> {
    /// Runs the handler.
    pub fn handle(&self, request: WebhookRequest, cx: EventContext<H>) -> Handling {
        (self.handler)(request, cx)
    }
}

/// The handlers of all events.
pub struct EventHandlers<H> {
    webhooks: Vec<WebhookRoute<H>>,
    /// By their cron expressions.
    schedules: Vec<(String, Handler<H, ()>)>,
    /// By the names of the queues.
    queues: Vec<(String, Handler<H, String>)>,
}

impl<H> Default for EventHandlers<H> {
    fn default() -> Self {
        Self { webhooks: Vec::new(), schedules: Vec::new(), queues: Vec::new() }
    }
}

impl<H: 'static> EventHandlers<H> {
    /// Returns the expressions of the schedules.
    pub(crate) fn crons(&self) -> impl Iterator<Item = &str> {
        self.schedules.iter().map(|(cron, _)| cron.as_str())
    }

    /// Returns the names of the queues.
    pub(crate) fn queues(&self) -> impl Iterator<Item = &str> {
        self.queues.iter().map(|(queue, _)| queue.as_str())
    }

    pub(crate) fn add_webhook<F, Fut>(&mut self, path: String, webhook: Webhook, handler: F)
    where
        F: Fn(WebhookRequest, EventContext<H>) -> Fut + 'static,
        Fut: Future<Output = Result<(), ToolError>> + 'static,
    {
        let handler: Handler<H, WebhookRequest> = Box::new(move |request, cx| Box::pin(handler(request, cx)));
        self.webhooks.push(WebhookRoute { path, webhook, handler });
    }

    pub(crate) fn add_schedule<F, Fut>(&mut self, cron: String, handler: F)
    where
        F: Fn(EventContext<H>) -> Fut + 'static,
        Fut: Future<Output = Result<(), ToolError>> + 'static,
    {
        self.schedules.push((cron, Box::new(move |(), cx| Box::pin(handler(cx)))));
    }

    pub(crate) fn add_queue<T, F, Fut>(&mut self, queue: String, handler: F)
    where
        T: DeserializeOwned,
        F: Fn(T, EventContext<H>) -> Fut + 'static,
        Fut: Future<Output = Result<(), ToolError>> + 'static,
    {
        let handle = move |message: String, cx| -> Handling {
            match serde_json::from_str(&message) {
                Ok(message) => Box::pin(handler(message, cx)),
                Err(error) => Box::pin(async move {
                    Err(ToolError::new(format!("a message does not have the form that its handler takes: {error}")))
                }),
            }
        };
        self.queues.push((queue, Box::new(handle)));
    }

    /// Returns the webhook at `path`.
    #[must_use]
    pub fn webhook(&self, path: &str) -> Option<&WebhookRoute<H>> {
        self.webhooks.iter().find(|route| route.path == path)
    }

    /// Runs the handlers of a schedule one after the other. Returns none if there is none.
    ///
    /// # Errors
    ///
    /// Returns the first error of a handler. The handlers after it run all the same.
    pub async fn run_schedule(&self, cron: &str, cx: EventContext<H>) -> Option<Result<(), ToolError>>
    where
        H: Clone,
    {
        let mut outcome = None;
        for (_, handler) in self.schedules.iter().filter(|(declared, _)| declared == cron) {
            let done = handler((), cx.clone()).await;
            outcome = Some(outcome.unwrap_or(Ok(())).and(done));
        }
        outcome
    }

    /// Runs the handler of a queue with a message as JSON. Returns none if there is none.
    ///
    /// # Errors
    ///
    /// Returns the error of the handler, or a [`ToolError`] if the message does not have the form that the handler
    /// takes.
    pub async fn run_message(
        &self,
        queue: &str,
        message: String,
        cx: EventContext<H>,
    ) -> Option<Result<(), ToolError>> {
        let (_, handler) = self.queues.iter().find(|(declared, _)| declared == queue)?;
        Some(handler(message, cx).await)
    }

    /// Returns what keeps handlers from being called.
    pub(crate) fn errors(&self) -> Vec<ConfigError> {
        let mut errors = Vec::new();
        for (at, route) in self.webhooks.iter().enumerate() {
            let is_taken = self.webhooks.iter().take(at).any(|earlier| earlier.path == route.path);
            let taken = is_taken.then_some(ErrorKind::NameTaken);
            let kinds = taken.into_iter().chain(path_error(&route.path));
            errors.extend(kinds.map(|kind| ConfigError::new("webhook", &route.path, kind)));
        }
        for (at, (queue, _)) in self.queues.iter().enumerate() {
            if self.queues.iter().take(at).any(|(earlier, _)| earlier == queue) {
                errors.push(ConfigError::new("queue", queue, ErrorKind::NameTaken));
            }
        }
        errors
    }

    /// Drops the webhooks that cannot be served.
    pub(crate) fn drop_invalid(&mut self) {
        let mut seen: Vec<String> = Vec::new();
        self.webhooks.retain(|route| {
            let is_new = !seen.contains(&route.path);
            seen.push(route.path.clone());
            is_new && path_error(&route.path).is_none()
        });
    }
}

fn path_error(path: &str) -> Option<ErrorKind> {
    let is_segment = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    };
    let Some(rest) = path.strip_prefix('/').filter(|rest| rest.split('/').all(is_segment) && path.len() <= MAX_PATH)
    else {
        return Some(ErrorKind::WebhookPath);
    };
    let first = rest.split('/').next().unwrap_or_default();
    RESERVED.contains(&first).then_some(ErrorKind::ReservedPath)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::connector::Connector;
    use crate::testing::test_host::TestHost;

    async fn nothing(_: WebhookRequest, _: EventContext<TestHost>) -> Result<(), ToolError> {
        Ok(())
    }

    fn kinds(paths: &[&str]) -> Vec<ErrorKind> {
        let connector = paths.iter().fold(Connector::<TestHost>::new("n", "1"), |connector, path| {
            connector.webhook(*path, Webhook::github("S"), nothing)
        });
        connector.check().into_iter().map(|error| error.kind).collect()
    }

    #[test]
    fn the_path_of_a_webhook_is_plain_and_not_one_of_ours() {
        for (paths, expected) in [
            (&["/hooks/github", "/hooks/stripe", "/h"][..], vec![]),
            (&["/hooks", "/hooks"], vec![ErrorKind::NameTaken]),
            (&["hooks"], vec![ErrorKind::WebhookPath]),
            (&["/hooks/"], vec![ErrorKind::WebhookPath]),
            (&["/"], vec![ErrorKind::WebhookPath]),
            (&["/a?b"], vec![ErrorKind::WebhookPath]),
            (&["/a/../mcp"], vec![ErrorKind::WebhookPath]),
            (&["/ä"], vec![ErrorKind::WebhookPath]),
            (&["/mcp"], vec![ErrorKind::ReservedPath]),
            (&["/token"], vec![ErrorKind::ReservedPath]),
            (&["/account/hook"], vec![ErrorKind::ReservedPath]),
            (&["/.well-known/x"], vec![ErrorKind::ReservedPath]),
            (&["/files/upload/x"], vec![ErrorKind::ReservedPath]),
        ] {
            assert_eq!(kinds(paths), expected, "{paths:?}");
        }
    }
}
