//! Rows in the `SQLite` of a Durable Object: as [`Row`] writes them, or of plain values.

use worker::{SqlStorage, SqlStorageValue};

use mcp_connector_base::codec::Unreadable;
use mcp_connector_base::row::Row;

/// What a query gives, whose only column holds rows of one kind.
pub(crate) fn read<T: Row>(sql: &SqlStorage, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Vec<T>> {
    blobs(sql, query, bindings)?.iter().map(|row| T::from_row(row).map_err(unreadable)).collect()
}

/// What a query gives that finds one row of a kind, or none.
pub(crate) fn find<T: Row>(sql: &SqlStorage, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Option<T>> {
    blobs(sql, query, bindings)?.pop().map(|row| T::from_row(&row).map_err(unreadable)).transpose()
}

/// The bytes that a query gives in its only column.
pub(crate) fn blobs(sql: &SqlStorage, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Vec<Vec<u8>>> {
    let rows = values(sql, query, bindings)?.into_iter().map(|row| match row {
        [SqlStorageValue::Blob(blob)] => Ok(blob),
        _ => Err(unreadable(Unreadable)),
    });
    rows.collect()
}

/// The one number that a query gives. None where there is no row, or no value in it.
pub(crate) fn number(sql: &SqlStorage, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Option<u64>> {
    match values(sql, query, bindings)?.pop() {
        None | Some([SqlStorageValue::Null]) => Ok(None),
        Some([SqlStorageValue::Integer(number)]) => u64::try_from(number).map(Some).map_err(|_| unreadable(Unreadable)),
        Some(_) => Err(unreadable(Unreadable)),
    }
}

/// What a query gives that names `N` columns. By their names, with `serde`, each shape would be a kilobyte of code.
pub(crate) fn values<const N: usize>(
    sql: &SqlStorage,
    query: &str,
    bindings: Vec<SqlStorageValue>,
) -> worker::Result<Vec<[SqlStorageValue; N]>> {
    let rows = sql.exec(query, bindings)?.raw();
    rows.map(|row| row?.try_into().map_err(|_| unreadable(Unreadable))).collect()
}

/// What is bound to a statement that keeps `row`.
pub(crate) fn blob(row: &impl Row) -> worker::Result<SqlStorageValue> {
    row.to_row().map(SqlStorageValue::Blob).map_err(|_| "a row cannot be written".into())
}

/// A number for a statement. JavaScript's end at 2^53, and so do our times and ids.
pub(crate) fn integer(value: u64) -> worker::Result<SqlStorageValue> {
    SqlStorageValue::try_from_i64(i64::try_from(value).unwrap_or(i64::MAX))
}

/// Whether there is a table. To look for one makes none.
pub(crate) fn has_table(sql: &SqlStorage, name: &str) -> worker::Result<bool> {
    let tables = sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", vec![name.into()])?;
    Ok(tables.raw().next().is_some())
}

/// The failure of a call that met a row of another shape.
pub(crate) fn unreadable(Unreadable: Unreadable) -> worker::Error {
    "a row is unreadable".into()
}
