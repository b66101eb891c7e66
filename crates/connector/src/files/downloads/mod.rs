//! Downloads: from the bucket to the client.

pub(crate) mod download;
pub(crate) mod range;
