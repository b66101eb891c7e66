//! Events that code of the Worker delivers to calls that wait for them (`cx.wait_for`): a webhook, a schedule, a queue, another tool.
//!
//! A key names one event. All that waits for it is in one object: what was delivered, and which tasks wait. The first delivery counts,
//! and is kept for a day, so that it may come before the wait begins, and a repetition changes nothing. Only code of the Worker delivers;
//! no request of a client can.

pub(crate) mod commands;
pub(crate) mod event_key;

pub use commands::{AwaitEvent, DeliverEvent, DeliveriesFull, ResumeTask, WaitingTask};
pub use event_key::EventKey;
