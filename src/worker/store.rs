//! A place for what a connector keeps for each person: records of JSON in a Durable Object of their own.

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use worker::Stub;

use crate::mcp::{ToolError, Unavailable};

use super::durable;
use super::host::Context;
use super::subject_store::{Command, MAX_RECORD_BYTES, MAX_RECORDS, Outcome};

/// The records of one person in one collection. Nobody else's can be reached through it.
pub struct Store {
    stub: Stub,
}

/// Why a record was not read or kept.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum StoreError {
    /// Storage did not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The record is larger than [`Store::MAX_RECORD_BYTES`].
    #[error("that is too large to keep; shorten it")]
    RecordTooLarge,
    /// There are [`Store::MAX_RECORDS`] records already.
    #[error("there is no room for more; delete something first")]
    Full,
    /// What is stored is not what the connector's type says.
    #[error("a stored record has an older form")]
    Form,
}

impl Store {
    /// Largest record, in bytes of JSON.
    pub const MAX_RECORD_BYTES: usize = MAX_RECORD_BYTES;
    /// Most records in one collection of one person.
    pub const MAX_RECORDS: usize = MAX_RECORDS;

    /// The records that the person who is calling has in `collection`. Fails in a public tool.
    pub fn of(cx: &Context, collection: &str) -> Result<Self, ToolError> {
        let name = format!("{collection}/{}", cx.subject()?);
        Ok(Self { stub: durable::object(cx.env(), "SUBJECT_STORE", &name)? })
    }

    /// The records in `collection` under a name of your own, for what no person is calling: a route beside the connector.
    /// Whoever can say the name reaches them, so let it be random where they concern a person.
    pub fn named(env: &worker::Env, collection: &str, name: &str) -> Result<Self, StoreError> {
        // The slashes in front keep it apart from every person's.
        Ok(Self { stub: durable::object(env, "SUBJECT_STORE", &format!("//{collection}/{name}"))? })
    }

    /// All records with their ids, oldest first.
    pub async fn list<T: DeserializeOwned>(&self) -> Result<Vec<(u64, T)>, StoreError> {
        let records = match self.ask(Command::List).await? {
            Outcome::Records(records) => records,
            Outcome::Added(_) | Outcome::Done(_) | Outcome::Full => return Err(Unavailable.into()),
        };
        records.into_iter().map(|(id, value)| Ok((id, read(&value)?))).collect()
    }

    /// The record `id`, if there is one.
    pub async fn get<T: DeserializeOwned>(&self, id: u64) -> Result<Option<T>, StoreError> {
        match self.ask(Command::Get { id }).await? {
            Outcome::Records(records) => records.first().map(|(_, value)| read(value)).transpose(),
            Outcome::Added(_) | Outcome::Done(_) | Outcome::Full => Err(Unavailable.into()),
        }
    }

    /// Keeps a new record and gives its id. Ids are never used twice.
    pub async fn add<T: Serialize>(&self, record: &T) -> Result<u64, StoreError> {
        match self.ask(Command::Add { value: write(record)? }).await? {
            Outcome::Added(id) => Ok(id),
            Outcome::Full => Err(StoreError::Full),
            Outcome::Records(_) | Outcome::Done(_) => Err(Unavailable.into()),
        }
    }

    /// Replaces the record `id`. False if there is none.
    pub async fn replace<T: Serialize>(&self, id: u64, record: &T) -> Result<bool, StoreError> {
        self.change(Command::Replace { id, value: write(record)? }).await
    }

    /// Deletes the record `id`. False if there is none.
    pub async fn delete(&self, id: u64) -> Result<bool, StoreError> {
        self.change(Command::Delete { id }).await
    }

    async fn change(&self, command: Command) -> Result<bool, StoreError> {
        match self.ask(command).await? {
            Outcome::Done(found) => Ok(found),
            Outcome::Records(_) | Outcome::Added(_) | Outcome::Full => Err(Unavailable.into()),
        }
    }

    async fn ask(&self, command: Command) -> Result<Outcome, Unavailable> {
        durable::ask(&self.stub, &command).await
    }
}

fn write<T: Serialize>(record: &T) -> Result<String, StoreError> {
    let value = serde_json::to_string(record).map_err(|_| StoreError::Form)?;
    if value.len() > MAX_RECORD_BYTES { Err(StoreError::RecordTooLarge) } else { Ok(value) }
}

fn read<T: DeserializeOwned>(value: &str) -> Result<T, StoreError> {
    serde_json::from_slice(value.as_bytes()).map_err(|_| StoreError::Form)
}
