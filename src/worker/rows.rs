//! Rows in the `SQLite` of a Durable Object, as [`Row`] writes them.

use worker::{SqlStorage, SqlStorageValue};

use crate::oauth::compact::Unreadable;
use crate::oauth::row::Row;

/// What a query gives, whose only column holds rows of one kind.
pub(super) fn read<T: Row>(sql: &SqlStorage, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Vec<T>> {
    blobs(sql, query, bindings)?.iter().map(|row| T::from_row(row).map_err(unreadable)).collect()
}

/// What a query gives that finds one row of a kind, or none.
pub(super) fn find<T: Row>(sql: &SqlStorage, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Option<T>> {
    blobs(sql, query, bindings)?.pop().map(|row| T::from_row(&row).map_err(unreadable)).transpose()
}

/// The bytes that a query gives in its only column.
pub(super) fn blobs(sql: &SqlStorage, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Vec<Vec<u8>>> {
    let mut blobs = Vec::new();
    for row in sql.exec(query, bindings)?.raw() {
        let Some(SqlStorageValue::Blob(blob)) = row?.pop() else { return Err(unreadable(Unreadable)) };
        blobs.push(blob);
    }
    Ok(blobs)
}

/// What is bound to a statement that keeps `row`.
pub(super) fn blob(row: &impl Row) -> worker::Result<SqlStorageValue> {
    row.to_row().map(SqlStorageValue::Blob).map_err(|_| "a row cannot be written".into())
}

/// A number for a statement. JavaScript's end at 2^53, and so do our times and ids.
pub(super) fn integer(value: u64) -> worker::Result<SqlStorageValue> {
    SqlStorageValue::try_from_i64(i64::try_from(value).unwrap_or(i64::MAX))
}

/// Whether there is a table. To look for one makes none.
pub(super) fn has_table(sql: &SqlStorage, name: &str) -> worker::Result<bool> {
    let tables = sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", vec![name.into()])?;
    Ok(tables.raw().next().is_some())
}

fn unreadable(Unreadable: Unreadable) -> worker::Error {
    "a row is unreadable".into()
}
