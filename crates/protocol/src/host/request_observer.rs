//! The observer of requests, for a log.

/// Observes the requests of a POST, for a log. By default it observes nothing.
pub trait RequestObserver {
    /// Notes how a request ended. It is called for each request of a batch.
    fn answered(&self, outcome: Outcome) {
        let _ = outcome;
    }

    /// Returns the id of the request in the log. An error that only the log explains carries it.
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
