//! Where the contents of a resource come from, who may read them, and how long a client may keep them.

use std::time::Duration;

use serde_json::Value;

use crate::author::handler::{self, Handler, HandlerArguments, HandlerContext, HandlerFuture, HandlerOutput};
use crate::author::resources::into_resource_contents::{Contents, IntoResourceContents, ReadRequest};
use crate::author::visibility::audience::Audience;
use crate::call::context::Context;
use mcp_connector_base::scope::Scope;

/// Reads a resource. The value holds the variables of a template.
pub(crate) type Reader<H> = Box<dyn Fn(Value, Context<H>, ReadRequest) -> HandlerFuture<Contents>>;

/// The source of a resource.
pub(crate) struct Source<H> {
    pub(crate) read: Reader<H>,
    /// The scopes that a caller needs; without any, everybody may read.
    pub(crate) scopes: Vec<Scope>,
    /// The people whom it is shown to.
    pub(crate) audience: Option<Audience>,
    /// How long a client may keep the contents.
    pub(crate) fresh_for: Duration,
}

impl<H: 'static> Source<H> {
    pub(crate) fn new(read: Reader<H>) -> Self {
        Self { read, scopes: Vec::new(), audience: None, fresh_for: Duration::ZERO }
    }

    /// Creates a source that calls `handler`.
    pub(crate) fn of<Form, F>(handler: F) -> Self
    where
        F: Handler<Form>,
        F::Arguments: HandlerArguments<H>,
        F::Context: HandlerContext<H>,
        F::Output: HandlerOutput<Success: IntoResourceContents>,
    {
        Self::new(Box::new(move |variables, cx, request| {
            let work = handler::call(&handler, variables, cx);
            Box::pin(async move { work.await?.into_resource_contents(request) })
        }))
    }
}
