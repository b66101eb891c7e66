//! TODO.

#[cfg(any(test, feature = "testing"))]
pub mod fuzz_targets;
#[cfg(test)]
pub mod storage_compat_tests;
#[cfg(test)]
pub mod support;
