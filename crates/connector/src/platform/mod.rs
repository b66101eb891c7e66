//! The platform: time, randomness, streams, JavaScript values, and the guard of the instance.

pub(crate) mod cancel;
pub(crate) mod clock;
pub(crate) mod crossing;
pub(crate) mod egress;
pub(crate) mod fetch;
pub(crate) mod instance;
pub(crate) mod js;
pub(crate) mod random;
pub(crate) mod stream_writer;
pub(crate) mod timer;
