//! The API of somebody else, as an OpenAPI document describes it: what the code that `npm run openapi` makes is written with.
//!
//! [`Api`] sends a request with its parameters where the document wants them. [`ApiResponse`] turns the answer into the result of
//! a tool, structured or as text, and cuts it where it is too large for a model. [`Operation`], [`find`], [`read`] and [`write()`]
//! serve an API of hundreds of operations with three tools.

mod answer;
mod api;
mod call_operation;
mod cut;
mod find_operations;
mod next_page;
mod operation;
mod parameters;
mod path;

pub use crate::outbound::Method;
pub use answer::{Answer, ApiResponse};
pub use api::{Api, ApiRequest};
pub use call_operation::{CallOperation, read, write};
pub use find_operations::{FindOperations, find};
pub use operation::{Operation, Parameter};
pub use serde_json::{Map, Value};
