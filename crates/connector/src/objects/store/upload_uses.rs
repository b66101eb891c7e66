//! The uses of the upload links of one person, in an object of their own. A link is taken once, by one upload, in all instances
//! together; an upload that has failed gives it back.

use worker::{SqlStorage, SqlStorageValue};

use crate::objects::rows::{has_table, integer, number, values};
use crate::objects::store::commands::{GiveBackUpload, TakeUpload, UploadTaken};

/// Maximum number of uploads that are begun with one link.
const MAX_ATTEMPTS: i64 = 20;
/// Maximum number of links of one object that are remembered at a time.
const MAX_LINKS: u64 = 10_000;

/// Takes the use of a link. The same attempt takes it again, because its answer may have been lost.
pub(crate) fn take(sql: &SqlStorage, command: &TakeUpload, now: u64) -> worker::Result<UploadTaken> {
    sql.exec(
        "CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, attempt BLOB, attempts INTEGER NOT NULL, \
         forget_at INTEGER NOT NULL) WITHOUT ROWID",
        None,
    )?;
    let id = SqlStorageValue::from(command.id.clone());
    let attempt = SqlStorageValue::Blob(command.attempt.to_bytes().to_vec());
    let known: Option<[SqlStorageValue; 2]> =
        values(sql, "SELECT attempt, attempts FROM uploads WHERE id = ?", vec![id.clone()])?.pop();
    match known {
        Some([SqlStorageValue::Blob(holder), _]) if holder == command.attempt.to_bytes() => Ok(UploadTaken::Yes),
        Some([SqlStorageValue::Blob(_), _]) => Ok(UploadTaken::Used),
        Some([_, SqlStorageValue::Integer(attempts)]) if attempts >= MAX_ATTEMPTS => Ok(UploadTaken::TooOften),
        Some(_) => {
            sql.exec("UPDATE uploads SET attempt = ?, attempts = attempts + 1 WHERE id = ?", vec![attempt, id])?;
            Ok(UploadTaken::Yes)
        }
        None => {
            sweep(sql, now)?;
            if number(sql, "SELECT count(*) AS links FROM uploads", vec![])?.unwrap_or_default() >= MAX_LINKS {
                return Ok(UploadTaken::TooOften);
            }
            let forget_at = integer(command.forget_at)?;
            sql.exec("INSERT INTO uploads VALUES (?, ?, 1, ?)", vec![id, attempt, forget_at])?;
            Ok(UploadTaken::Yes)
        }
    }
}

/// Gives the use back, if this attempt has it.
pub(crate) fn give_back(sql: &SqlStorage, command: &GiveBackUpload) -> worker::Result<()> {
    if !has_table(sql, "uploads")? {
        return Ok(());
    }
    let attempt = SqlStorageValue::Blob(command.attempt.to_bytes().to_vec());
    sql.exec("UPDATE uploads SET attempt = NULL WHERE id = ? AND attempt = ?", vec![command.id.clone().into(), attempt])
        .map(drop)
}

/// Forgets links that have expired. Returns when the next one does; none if none is left.
pub(crate) fn sweep(sql: &SqlStorage, now: u64) -> worker::Result<Option<u64>> {
    if !has_table(sql, "uploads")? {
        return Ok(None);
    }
    sql.exec("DELETE FROM uploads WHERE forget_at <= ?", vec![integer(now)?])?;
    number(sql, "SELECT min(forget_at) AS at FROM uploads", vec![])
}
