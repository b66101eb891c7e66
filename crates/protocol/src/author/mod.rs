//! TODO.

pub(crate) mod completion;
pub(crate) mod config_error;
pub(crate) mod connector;
pub(crate) mod feature;
pub(crate) mod frontmatter;
pub(crate) mod handler;
pub(crate) mod name;
pub(crate) mod page_settings;
pub(crate) mod prompt;
pub(crate) mod registry;
pub(crate) mod resource;
pub(crate) mod skill;
pub(crate) mod tool;
pub(crate) mod tool_result;
pub(crate) mod uri_template;
pub(crate) mod view;
