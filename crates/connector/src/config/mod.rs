//! The settings of a deployment, and the bindings of the Worker.

pub(crate) mod bindings;
pub(crate) mod configuration;
pub(crate) mod policy;
pub(crate) mod settings;
pub(crate) mod shared_sign_in;
pub(crate) mod variables;
