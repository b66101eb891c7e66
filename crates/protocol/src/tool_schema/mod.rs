//! Schemas of tools: derived from Rust types, compiled for validation, and published in a form that every client takes.

pub(crate) mod absent_members;
pub(crate) mod header_params;
pub(crate) mod lenient_scalars;
pub(crate) mod published;
pub(crate) mod refused;
pub(crate) mod root_choices;
pub(crate) mod schema_of;
pub(crate) mod string_arguments;
pub(crate) mod string_choices;
pub(crate) mod tool_schemas;
