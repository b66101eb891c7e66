//! The edge: the only folder that knows Workers. Routes, bindings, streams, Durable Objects, configuration.

mod access;
mod answer;
mod app;
mod authority;
mod cancel;
mod clock;
mod configuration;
mod cors;
mod durable;
mod ed25519;
mod foreign;
mod grants_object;
mod guard;
mod hints;
mod home;
mod host;
mod identity;
mod incoming;
mod js;
mod keyring;
mod mcp_route;
mod oauth;
mod outbound;
mod pages;
mod request_state;
mod route;
mod session_object;
mod site;
mod store;
mod subject_store;
mod timer;
mod tokens;
mod well_known;

pub use app::serve;
pub use host::{Context, Workers};
pub use store::{Store, StoreError};
