//! TODO.

pub(crate) mod absent_members;
pub(crate) mod header_params;
pub(crate) mod published;
pub(crate) mod refused;
pub(crate) mod root_choices;
pub(crate) mod scalar_texts;
pub(crate) mod schema_of;
pub(crate) mod text_arguments;
pub(crate) mod tool_schemas;
