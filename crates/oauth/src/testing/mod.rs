//! What the tests of this crate share.

#[cfg(test)]
mod storage_compat_tests;
#[cfg(test)]
pub(crate) mod test_keys;
#[cfg(test)]
pub(crate) mod test_rows;
#[cfg(test)]
pub(crate) mod test_support;
