//! TODO.

pub(crate) mod at_once;
pub(crate) mod call_state;
pub(crate) mod cancellation;
pub(crate) mod context;
pub(crate) mod time_limit;
pub(crate) mod wait_until;
