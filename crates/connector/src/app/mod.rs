//! The Worker: what an isolate sets up once, and how it answers each request.

pub(crate) mod lost_requests;
pub(crate) mod notes;
pub(crate) mod rehearsal;
pub(crate) mod routing;
pub(crate) mod state;

pub use rehearsal::rehearse;
pub use routing::{answer, fetch};
pub use state::start;
