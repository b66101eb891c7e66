//! Resources, templates and views: as the author declares them, and what their handlers return.

pub(crate) mod into_resource_contents;
pub(crate) mod listed_resource;
pub(crate) mod resource;
pub(crate) mod resource_source;
pub(crate) mod resource_template;
pub(crate) mod uri_template;
pub(crate) mod view;
