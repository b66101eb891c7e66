//! The commands of `SubjectStore`. The value of a record is JSON.

use serde::{Deserialize, Serialize};

use mcp_connector_base::commands;

use crate::objects::store::last_writes::WriteId;

/// The largest record, in bytes of JSON.
pub(crate) const MAX_RECORD_BYTES: usize = 64 * 1024;
/// Maximum number of records of one object.
pub(crate) const MAX_RECORDS: usize = 10_000;
/// Maximum number of bytes of records in one answer, beside the first. An object, its caller and a client hold each answer as a
/// whole.
pub(crate) const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// Reads records in the order of their ids.
#[derive(Serialize, Deserialize)]
pub(crate) struct ReadRecords {
    pub(crate) what: RecordPart,
    /// Only records with larger ids.
    pub(crate) after: u64,
    /// Maximum number of records.
    pub(crate) limit: u64,
    /// Maximum number of bytes, beside the first record.
    pub(crate) bytes: usize,
    /// Only records whose names begin with this.
    pub(crate) prefix: Option<String>,
    pub(crate) named_by: Option<String>,
}

/// The part of a record that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RecordPart {
    Value,
    Name,
}

/// Records with their ids.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Records {
    pub(crate) records: Vec<(u64, String)>,
    /// Whether more records follow.
    pub(crate) more: bool,
}

/// Lists ids whose digits begin with a text.
#[derive(Serialize, Deserialize)]
pub(crate) struct ListIds {
    pub(crate) prefix: String,
    pub(crate) limit: u64,
}

/// Reads the record with the largest id.
#[derive(Serialize, Deserialize)]
pub(crate) struct ReadNewest;

/// Reads one record.
#[derive(Serialize, Deserialize)]
pub(crate) struct ReadRecord {
    pub(crate) id: u64,
}

/// Counts the records.
#[derive(Serialize, Deserialize)]
pub(crate) struct CountRecords;

/// Adds a record, once for each [`WriteId`]. The answer is its id, or none if there is no room.
#[derive(Serialize, Deserialize)]
pub(crate) struct AddRecord {
    pub(crate) write: WriteId,
    pub(crate) value: String,
    pub(crate) named_by: Option<String>,
}

/// Replaces a record, once for each [`WriteId`]. The answer is false if there is no such record.
#[derive(Serialize, Deserialize)]
pub(crate) struct ReplaceRecord {
    pub(crate) write: WriteId,
    pub(crate) id: u64,
    pub(crate) value: String,
    pub(crate) named_by: Option<String>,
}

/// Deletes a record, once for each [`WriteId`]. The answer is false if there is no such record.
#[derive(Serialize, Deserialize)]
pub(crate) struct DeleteRecord {
    pub(crate) write: WriteId,
    pub(crate) id: u64,
}

/// Takes the use of an upload link, once for each attempt.
#[derive(Serialize, Deserialize)]
pub(crate) struct TakeUpload {
    pub(crate) id: String,
    pub(crate) attempt: WriteId,
    /// When the link has expired, in seconds since 1970.
    pub(crate) forget_at: u64,
}

/// Whether an upload may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum UploadTaken {
    Yes,
    /// Another upload has it, or had it.
    Used,
    /// Too many uploads have failed, or the person has too many links.
    TooOften,
}

/// Gives the use of an upload link back, if this attempt has it.
#[derive(Serialize, Deserialize)]
pub(crate) struct GiveBackUpload {
    pub(crate) id: String,
    pub(crate) attempt: WriteId,
}

commands! {
    TakeUpload => UploadTaken;
    GiveBackUpload => ();
    ReadRecords => Records;
    ListIds => Vec<u64>;
    ReadNewest => Option<(u64, String)>;
    ReadRecord => Option<(u64, String)>;
    CountRecords => u64;
    AddRecord => Option<u64>;
    ReplaceRecord => bool;
    DeleteRecord => bool;
}
