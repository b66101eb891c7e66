//! The edge: the only folder that knows Workers. Routes, bindings, streams, Durable Objects, configuration.

mod access;
mod answer;
mod app;
mod cancel;
mod configuration;
mod cors;
mod durable;
mod guard;
mod home;
mod host;
mod incoming;
mod mcp_route;
mod route;
mod session_object;
mod site;
mod store;
mod subject_store;
mod timer;
mod well_known;

pub use app::serve;
pub use host::{Context, Workers};
pub use store::{Store, StoreError};
