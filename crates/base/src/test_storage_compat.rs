//! Compares rows with what earlier versions wrote. For tests.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::row::Row;

/// Asserts that `value` is written as the last of `rows`, and that each of `rows` is read as `value`. There is one row for each
/// version, from the first to the current one, in base64url.
pub fn assert_storage_compat<T: Row + PartialEq>(value: &T, rows: &[&str]) {
    let kind = std::any::type_name::<T>();
    let today = URL_SAFE_NO_PAD.encode(value.to_row().unwrap());
    let newest = rows.last().copied().unwrap_or_default();
    assert_eq!(
        today, newest,
        "{kind} is written differently: count its VERSION up, read the old form in `from_older`, and add a row here"
    );
    assert_eq!(rows.len(), usize::from(T::VERSION), "{kind}: one row for each version that there ever was");
    for (version, row) in (1..).zip(rows) {
        let row = URL_SAFE_NO_PAD.decode(row).unwrap();
        assert_eq!(row.first(), Some(&version), "{kind}");
        assert!(T::from_row(&row).is_ok_and(|read| read == *value), "{kind}: version {version} is not read");
    }
}
