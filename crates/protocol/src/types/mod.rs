//! TODO.

pub(crate) mod base_metadata;
pub(crate) mod client_capabilities;
pub(crate) mod content;
pub(crate) mod logging_level;
pub(crate) mod result;
pub(crate) mod version;
