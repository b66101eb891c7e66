//! Types of the specification's schema that several methods share, with their names there.

pub(crate) mod annotations;
pub(crate) mod base_metadata;
pub(crate) mod client_capabilities;
pub(crate) mod content_block;
pub(crate) mod icon;
pub(crate) mod implementation;
pub(crate) mod logging_level;
pub(crate) mod per_version;
pub(crate) mod prompt_message;
pub(crate) mod resource_contents;
pub(crate) mod result;
pub(crate) mod role;
pub(crate) mod server_capabilities;
pub(crate) mod tool_annotations;
pub(crate) mod version;
