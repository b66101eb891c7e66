//! The last writes that an object has carried out, in one row. A caller whose answer was lost asks for the same write again, under
//! the same id, and gets the same answer instead of a second write.

use serde::{Deserialize, Serialize};
use worker::SqlStorage;

use mcp_connector_base::row::Row;
use mcp_connector_protocol::Unavailable;

use crate::objects::rows::{blob, find, has_table};

/// How many are remembered. The second request comes seconds after the first, and few others come in between.
const REMEMBERED: usize = 32;

/// The id of one write, drawn by its caller, who repeats it if the answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WriteId([u8; 16]);

/// What a write did that changed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Written {
    /// A new record, with its id.
    Added(u64),
    /// A record was replaced or deleted.
    Changed,
}

/// The last writes, the newest at the end.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LastWrites(Vec<(WriteId, Written)>);

impl Row for LastWrites {
    const VERSION: u8 = 1;
}

impl WriteId {
    /// Draws an id.
    pub(crate) fn new() -> Result<Self, Unavailable> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| Unavailable)?;
        Ok(Self(bytes))
    }

    /// Returns the bytes.
    pub(crate) const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

impl LastWrites {
    /// Reads those of the object. Reading makes no table.
    pub(crate) fn read(sql: &SqlStorage) -> worker::Result<Self> {
        if !has_table(sql, "writes")? {
            return Ok(Self::default());
        }
        Ok(find(sql, "SELECT value FROM writes", vec![])?.unwrap_or_default())
    }

    /// Returns what a write did, if it is among them.
    pub(crate) fn written(&self, id: WriteId) -> Option<Written> {
        self.0.iter().find(|(known, _)| *known == id).map(|(_, written)| *written)
    }

    /// Adds one, and drops the oldest if there are too many.
    #[must_use]
    pub(crate) fn with(self, id: WriteId, written: Written) -> Self {
        let Self(mut writes) = self;
        writes.push((id, written));
        let too_many = writes.len().saturating_sub(REMEMBERED);
        writes.drain(..too_many);
        Self(writes)
    }

    /// Stores them instead of the earlier ones.
    pub(crate) fn store(&self, sql: &SqlStorage) -> worker::Result<()> {
        sql.exec(
            "CREATE TABLE IF NOT EXISTS writes (one INTEGER PRIMARY KEY CHECK (one = 1), value BLOB NOT NULL)",
            None,
        )?;
        let upsert = "INSERT INTO writes VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET value = excluded.value";
        sql.exec(upsert, vec![blob(self)?]).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcp_connector_base::test_storage_compat::assert_storage_compat;

    #[test]
    fn the_row_of_last_writes_keeps_its_form() {
        let writes = LastWrites(vec![(WriteId([1; 16]), Written::Added(300)), (WriteId([2; 16]), Written::Changed)]);
        assert_storage_compat(&writes, &["AQIBAQEBAQEBAQEBAQEBAQEBAKwCAgICAgICAgICAgICAgICAgE"]);
    }

    #[test]
    fn only_the_last_writes_are_remembered_with_their_effects() {
        let id = |number: usize| WriteId([u8::try_from(number).unwrap(); 16]);
        let writes = (0..=REMEMBERED).fold(LastWrites::default(), |writes, number| {
            writes.with(id(number), Written::Added(u64::try_from(number).unwrap()))
        });
        assert_eq!(writes.0.len(), REMEMBERED);
        assert_eq!(writes.written(id(0)), None, "the oldest");
        assert_eq!(writes.written(id(1)), Some(Written::Added(1)));
        assert_eq!(writes.written(id(REMEMBERED)), Some(Written::Added(32)));
        assert_eq!(LastWrites::default().written(id(0)), None);
    }
}
