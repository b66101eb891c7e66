//! The tables of a Durable Object: they are made in the first transaction that finds one of them missing.
//!
//! A statement that makes tables is a write, also where they exist, and has to be compiled. So an object that has just started looks
//! once whether they are there, and what only reads writes nothing.

use std::cell::Cell;

use worker::{SqlStorage, SqlStorageValue, Storage};

use crate::objects::rows::{number, transaction};

/// The tables and indexes of a class of Durable Objects.
#[derive(Clone, Copy)]
pub(crate) struct Schema {
    /// The statements that make them, if they do not exist.
    pub(crate) create: &'static [&'static str],
    /// The name of each.
    pub(crate) names: &'static [&'static str],
}

/// What one object knows of its tables.
pub(crate) struct Tables {
    schema: Schema,
    exist: Cell<bool>,
}

impl Tables {
    /// Nothing is known of them yet.
    pub(crate) const fn new(schema: Schema) -> Self {
        Self { schema, exist: Cell::new(false) }
    }

    /// Runs `work` as one transaction, which happens whole or not at all, over tables that exist.
    pub(crate) fn transaction<T: 'static>(
        &self,
        storage: &Storage,
        work: impl FnOnce(SqlStorage) -> worker::Result<T> + 'static,
    ) -> worker::Result<T> {
        let (sql, schema, exist) = (storage.sql(), self.schema, self.exist.get());
        let outcome = transaction(storage, move || {
            if !exist {
                schema.make(&sql)?;
            }
            work(sql)
        });
        // A transaction that failed may have taken new tables back.
        self.exist.set(exist || outcome.is_ok());
        outcome
    }

    /// Makes the tables outside of a transaction, if one is missing.
    pub(crate) fn make(&self, sql: &SqlStorage) -> worker::Result<()> {
        if !self.exist.get() {
            self.schema.make(sql)?;
            self.exist.set(true);
        }
        Ok(())
    }

    /// Notes that everything the object has stored is about to be deleted.
    pub(crate) fn are_deleted(&self) {
        self.exist.set(false);
    }
}

impl Schema {
    fn make(self, sql: &SqlStorage) -> worker::Result<()> {
        let places = vec!["?"; self.names.len()].join(", ");
        let names: Vec<SqlStorageValue> = self.names.iter().map(|name| (*name).into()).collect();
        let query = format!("SELECT count(*) FROM sqlite_master WHERE name IN ({places})");
        let found = number(sql, &query, names)?.and_then(|found| usize::try_from(found).ok());
        if found != Some(self.names.len()) {
            for statements in self.create {
                sql.exec(statements, None)?;
            }
        }
        Ok(())
    }
}
