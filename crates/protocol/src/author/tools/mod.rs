//! Tools: as the author declares them, as they are served, and what their handlers return.

pub(crate) mod background;
pub(crate) mod call_tool_result;
pub(crate) mod callers;
pub(crate) mod into_tool_result;
pub(crate) mod json;
pub(crate) mod listed_tool;
pub(crate) mod tool;
pub(crate) mod tool_error;
pub(crate) mod validated_tool;
