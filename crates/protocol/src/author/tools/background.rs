//! Whether a tool may continue as a task, and how.

/// How a tool becomes a task ("Tasks").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Background {
    /// Clients that do not take tasks cannot call it.
    pub(crate) only: bool,
    /// It becomes one at [`Context::continue_as_task`](crate::call::context::Context::continue_as_task), not at its beginning.
    pub(crate) asks_first: bool,
}
