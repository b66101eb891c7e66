//! TODO.

#[cfg(test)]
pub mod storage_compat_tests;
#[cfg(test)]
pub mod support;
