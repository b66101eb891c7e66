//! TODO.

pub(crate) mod configuration;
pub(crate) mod settings;
pub(crate) mod variables;
