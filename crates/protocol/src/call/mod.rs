//! One call on its way to its answer: what its handler sees, and what ends it.

pub(crate) mod around;
pub(crate) mod call_state;
pub(crate) mod cancellation;
pub(crate) mod context;
pub(crate) mod files;
pub(crate) mod notification_limit;
pub(crate) mod surrounded;
pub(crate) mod time_limit;
pub(crate) mod upstream;
pub(crate) mod wait_for;
pub(crate) mod wait_until;
