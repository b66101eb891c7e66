//! TODO.

pub(crate) mod completion;
pub(crate) mod listing;
pub(crate) mod method;
pub(crate) mod operation;
pub(crate) mod pagination;
pub(crate) mod prompts;
pub(crate) mod resources;
pub(crate) mod skills;
pub(crate) mod tools;
