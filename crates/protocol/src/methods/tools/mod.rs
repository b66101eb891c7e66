//! The methods of tools ("Tools").

pub(crate) mod call_tool;
pub(crate) mod list_tools;
