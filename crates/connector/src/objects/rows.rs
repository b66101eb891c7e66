//! Transactions and rows in the `SQLite` of a Durable Object: rows as [`Row`] writes them, or of plain values.

use std::cell::Cell;
use std::rc::Rc;

use worker::wasm_bindgen::JsValue;
use worker::wasm_bindgen::closure::Closure;
use worker::{SqlStorage, SqlStorageValue, Storage};

use mcp_connector_base::codec::DecodeError;
use mcp_connector_base::row::Row;
use mcp_connector_base::timestamp::Timestamp;

use crate::platform::js;

/// Runs `work` as one transaction of an object's own database: it happens whole or not at all. It waits for nothing, so no other
/// request of the object comes in between.
pub(crate) fn transaction<T: 'static>(
    storage: &Storage,
    work: impl FnOnce() -> worker::Result<T> + 'static,
) -> worker::Result<T> {
    let done = Rc::new(Cell::new(None));
    let result = Rc::clone(&done);
    // An exception that leaves it rolls everything back.
    let work = Closure::once_assert_unwind_safe(move || -> Result<(), JsValue> {
        result.set(Some(work()?));
        Ok(())
    });
    js::call(storage.as_raw(), "transactionSync", &[work.as_ref()])?;
    done.take().ok_or_else(|| "a transaction did not run".into())
}

/// Returns the rows that a query gives in its only column.
pub(crate) fn read<T: Row>(sql: &SqlStorage, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Vec<T>> {
    blobs(sql, query, bindings)?.iter().map(|row| T::from_row(row).map_err(unreadable)).collect()
}

/// Returns the row that a query gives, if it gives one.
pub(crate) fn find<T: Row>(sql: &SqlStorage, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Option<T>> {
    blobs(sql, query, bindings)?.pop().map(|row| T::from_row(&row).map_err(unreadable)).transpose()
}

/// Returns the bytes that a query gives in its only column.
pub(crate) fn blobs(sql: &SqlStorage, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Vec<Vec<u8>>> {
    let rows = values(sql, query, bindings)?.into_iter().map(|row| match row {
        [SqlStorageValue::Blob(blob)] => Ok(blob),
        _ => Err(unreadable(DecodeError)),
    });
    rows.collect()
}

/// Returns the number that a query gives; none if it gives no row, or no value.
pub(crate) fn number(sql: &SqlStorage, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Option<u64>> {
    match values(sql, query, bindings)?.pop() {
        None | Some([SqlStorageValue::Null]) => Ok(None),
        Some([SqlStorageValue::Integer(number)]) => {
            u64::try_from(number).map(Some).map_err(|_| unreadable(DecodeError))
        }
        Some(_) => Err(unreadable(DecodeError)),
    }
}

/// Returns the rows of a query that names `N` columns.
pub(crate) fn values<const N: usize>(
    sql: &SqlStorage,
    query: &str,
    bindings: Vec<SqlStorageValue>,
) -> worker::Result<Vec<[SqlStorageValue; N]>> {
    let rows = sql.exec(query, bindings)?.raw();
    rows.map(|row| row?.try_into().map_err(|_| unreadable(DecodeError))).collect()
}

/// Returns a row as a value to bind.
pub(crate) fn blob(row: &impl Row) -> worker::Result<SqlStorageValue> {
    row.to_row().map(SqlStorageValue::Blob).map_err(|_| "a row cannot be written".into())
}

/// Returns a time as a value to bind: seconds since 1970.
pub(crate) fn seconds(at: Timestamp) -> worker::Result<SqlStorageValue> {
    integer(at.as_seconds())
}

/// Returns a number as a value to bind. JavaScript's end at 2^53, and so do our times and ids.
pub(crate) fn integer(value: u64) -> worker::Result<SqlStorageValue> {
    SqlStorageValue::try_from_i64(i64::try_from(value).unwrap_or(i64::MAX))
}

/// Returns whether there is a table. Looking for one makes none.
pub(crate) fn has_table(sql: &SqlStorage, name: &str) -> worker::Result<bool> {
    let tables = sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", vec![name.into()])?;
    Ok(tables.raw().next().is_some())
}

/// Returns the error of a call that met a row of another shape.
pub(crate) fn unreadable(DecodeError: DecodeError) -> worker::Error {
    "a row is unreadable".into()
}
