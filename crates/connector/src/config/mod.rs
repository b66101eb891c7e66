//! The configuration of a deployment: its variables, its secrets, and the bindings that it needs.

pub(crate) mod bindings;
pub(crate) mod configuration;
pub(crate) mod settings;
pub(crate) mod variables;
