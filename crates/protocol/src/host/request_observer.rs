//! What is noted of a request, for a log.

/// Notes what becomes of a request. By default nothing is noted.
pub trait RequestObserver {
    /// Notes how a request ended. Of a batch, each request is noted.
    fn answered(&self, outcome: Outcome) {
        let _ = outcome;
    }

    /// Returns the name by which the log knows the request. A client is told it with an error that only the log explains.
    fn reference(&self) -> Option<String> {
        None
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With a result.
    Done,
    /// With a tool's result with `isError`.
    ToolError,
    /// 2026-07-28: with a question to the client, in place of a result.
    InputRequired,
    /// With a JSON-RPC error with this code.
    Error(i32),
    /// Without an answer: its client has cancelled it.
    Cancelled,
}
