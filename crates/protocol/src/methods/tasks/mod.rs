//! The methods of tasks (the extension `io.modelcontextprotocol/tasks`).

pub(crate) mod cancel_task;
pub(crate) mod get_task;
pub(crate) mod task_request;
pub(crate) mod update_task;
