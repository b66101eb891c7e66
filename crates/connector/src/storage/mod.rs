//! The bindings that authors declare in `wrangler.toml` and use all day: D1, KV, R2 and secrets, typed by serde.

mod binding_error;
mod d1;
mod kv;
mod parameters;
mod r2;
mod secret;

pub use binding_error::BindingError;
pub use d1::{D1, D1Statement};
pub use kv::Kv;
pub use r2::R2;
pub use secret::Secret;
