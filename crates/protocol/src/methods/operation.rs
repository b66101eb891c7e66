//! A request that has passed every check.

use std::future::Future;
use std::rc::Rc;

use futures::FutureExt;
use futures::future::LocalBoxFuture;

use crate::author::tools::tool_error::Unfinished;
use crate::methods::request_context::RequestContext;
use crate::subscriptions::interest::Interest;
use crate::transport::response::Response;

/// The work of a request, which begins when it is given its context.
pub(crate) type Work<H> =
    Box<dyn FnOnce(Rc<RequestContext<H>>) -> LocalBoxFuture<'static, Result<Response, Unfinished>>>;

/// A request that has passed every check and can be carried out.
pub(crate) enum Operation<H> {
    /// Answered by what `Work` gives.
    Request(Work<H>),
    /// The same for a tool call: if it takes too long, the answer is a result that the model reads.
    ToolCall(Work<H>),
    /// Answered with a stream of changes, which the edge holds.
    Listen(Interest),
}

impl<H> Operation<H> {
    /// Returns the operation that `work` carries out.
    pub(crate) fn request<F>(work: impl FnOnce(Rc<RequestContext<H>>) -> F + 'static) -> Self
    where
        F: Future<Output = Result<Response, Unfinished>> + 'static,
    {
        Self::Request(Box::new(move |request| work(request).boxed_local()))
    }

    /// Returns the tool call that `work` carries out.
    pub(crate) fn tool_call<F>(work: impl FnOnce(Rc<RequestContext<H>>) -> F + 'static) -> Self
    where
        F: Future<Output = Result<Response, Unfinished>> + 'static,
    {
        Self::ToolCall(Box::new(move |request| work(request).boxed_local()))
    }
}
