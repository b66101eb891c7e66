//! A schema document: its schema resources, anchors and references.

pub(crate) mod location;
pub(crate) mod schema_document;
pub(crate) mod schema_error;
pub(crate) mod subschemas;
