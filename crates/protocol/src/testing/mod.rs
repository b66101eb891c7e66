//! TODO.

#[cfg(any(test, feature = "testing"))]
pub mod fuzz_targets;
#[cfg(test)]
pub(crate) mod test_client;
#[cfg(any(test, feature = "testing"))]
pub(crate) mod test_host;
