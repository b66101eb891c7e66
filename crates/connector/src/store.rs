//! A place for what a connector keeps for each person: records of JSON in a Durable Object of their own.

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use worker::Env;

use mcp_connector_base::command::Command;
use mcp_connector_protocol::{ToolError, Unavailable};

use crate::config::bindings::Binding;
use crate::host::Context;
use crate::objects::store::commands::{
    AddRecord, CountRecords, DeleteRecord, ListIds, MAX_PAGE_BYTES, MAX_RECORD_BYTES, MAX_RECORDS, ReadNewest,
    ReadRecord, ReadRecords, RecordPart, Records, ReplaceRecord,
};
use crate::objects::store::last_writes::WriteId;
use crate::objects::stub::ObjectStub;

/// The records of one person in one collection. Nobody else's can be reached through it.
pub struct Store {
    env: Env,
    /// What its object is called.
    name: String,
    named_by: Option<&'static str>,
}

/// Which records to read: those after an id, those whose names begin with a text, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Select {
    after: u64,
    limit: usize,
    bytes: usize,
    beginning: Option<String>,
}

/// Some records of a collection, in the order of their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorePage<T> {
    /// The records with their ids.
    pub records: Vec<(u64, T)>,
    /// Where the next page begins, for [`Select::after`]; none after the last.
    pub next: Option<u64>,
}

/// Why a record was not read or kept.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum StoreError {
    /// `wrangler.toml` does not bind `SUBJECT_STORE`. The log of the Worker has the lines to add.
    #[error("the owner of this connector must bind SUBJECT_STORE in wrangler.toml")]
    NotBound,
    /// Storage did not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// Storage was told twice to change something and did not answer: it was changed or not. [`Store::add`] then may have kept
    /// the record, and to call it again would keep another.
    #[error("storage does not answer, but this may have been saved; look before you try again")]
    MaybeSaved,
    /// The record is larger than [`Store::MAX_RECORD_BYTES`].
    #[error("that is too large to keep; shorten it")]
    RecordTooLarge,
    /// There are [`Store::MAX_RECORDS`] records already.
    #[error("there is no room for more; delete something first")]
    Full,
    /// The collection has more than [`Store::list`] gives.
    #[error("the records are too large to read at once; read them in pages")]
    TooMuch,
    /// What is stored is not what the connector's type says.
    #[error("a stored record has an older form")]
    Form,
}

impl Select {
    /// From the beginning, as many as fit into a page.
    #[must_use]
    pub const fn all() -> Self {
        Self { after: 0, limit: MAX_RECORDS, bytes: MAX_PAGE_BYTES, beginning: None }
    }

    /// Only records after this id; from the beginning where it is none. [`StorePage::next`] of the page before.
    #[must_use]
    pub fn after(self, id: impl Into<Option<u64>>) -> Self {
        Self { after: id.into().unwrap_or_default(), ..self }
    }

    /// At most so many.
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit: limit.max(1), ..self }
    }

    /// No more than fit into so many bytes of JSON, but always one. At most [`Store::MAX_PAGE_BYTES`].
    #[must_use]
    pub fn bytes(self, bytes: usize) -> Self {
        Self { bytes: bytes.min(MAX_PAGE_BYTES), ..self }
    }

    /// Only those whose names begin with this text, A to Z in upper or lower case. Needs [`Store::named_by`].
    #[must_use]
    pub fn beginning(self, text: impl Into<String>) -> Self {
        Self { beginning: Some(text.into()).filter(|text| !text.is_empty()), ..self }
    }
}

impl Store {
    /// Largest record, in bytes of JSON.
    pub const MAX_RECORD_BYTES: usize = MAX_RECORD_BYTES;
    /// Most records in one collection of one person.
    pub const MAX_RECORDS: usize = MAX_RECORDS;
    /// Maximum number of bytes of JSON that are read at once.
    pub const MAX_PAGE_BYTES: usize = MAX_PAGE_BYTES;

    /// The records that the person who is calling has in `collection`. Fails in a public tool.
    pub fn of(cx: &Context, collection: &str) -> Result<Self, ToolError> {
        Ok(Self::behind(cx.env(), format!("{collection}/{}", cx.subject()?))?)
    }

    /// The records in `collection` under a name of your own, for what no person is calling: a route beside the connector.
    /// Whoever can say the name reaches them, so let it be random where they concern a person.
    pub fn named(env: &Env, collection: &str, name: &str) -> Result<Self, StoreError> {
        // The slashes in front keep it apart from every person's.
        Self::behind(env, format!("//{collection}/{name}"))
    }

    fn behind(env: &Env, name: String) -> Result<Self, StoreError> {
        if !Binding::SubjectStore.is_bound(env) {
            return Err(StoreError::NotBound);
        }
        Ok(Self { env: env.clone(), name, named_by: None })
    }

    /// Says which member of a record is its name, so that names are listed and searched without reading the records. Say the
    /// same wherever the collection is used. Records from before get their names when it is first said.
    #[must_use]
    pub fn named_by(self, member: &'static str) -> Self {
        Self { named_by: Some(member), ..self }
    }

    /// Returns a page of records, oldest first.
    pub async fn page<T: DeserializeOwned>(&self, select: Select) -> Result<StorePage<T>, StoreError> {
        let StorePage { records, next } = self.read(RecordPart::Value, select).await?;
        let records = records.into_iter().map(|(id, value)| Ok((id, parse(&value)?)));
        Ok(StorePage { records: records.collect::<Result<_, StoreError>>()?, next })
    }

    /// Returns a page of the names of records, oldest first; the first 200 characters of each. Needs [`Store::named_by`].
    pub async fn names(&self, select: Select) -> Result<StorePage<String>, StoreError> {
        self.read(RecordPart::Name, select).await
    }

    /// Returns all records of a small collection with their ids, oldest first. Fails if they are larger than
    /// [`Store::MAX_PAGE_BYTES`]; [`Store::page`] reads any number.
    pub async fn list<T: DeserializeOwned>(&self) -> Result<Vec<(u64, T)>, StoreError> {
        let StorePage { records, next } = self.page(Select::all()).await?;
        if next.is_some() { Err(StoreError::TooMuch) } else { Ok(records) }
    }

    /// Returns the newest record, if there is any.
    pub async fn newest<T: DeserializeOwned>(&self) -> Result<Option<(u64, T)>, StoreError> {
        self.ask(&ReadNewest).await?.map(|(id, value)| Ok((id, parse(&value)?))).transpose()
    }

    /// The record `id`, if there is one.
    pub async fn get<T: DeserializeOwned>(&self, id: u64) -> Result<Option<T>, StoreError> {
        self.ask(&ReadRecord { id }).await?.map(|(_, value)| parse(&value)).transpose()
    }

    /// Ids whose digits begin with this text, at most `limit`.
    pub async fn ids(&self, beginning: &str, limit: usize) -> Result<Vec<u64>, StoreError> {
        if !beginning.bytes().all(|digit| digit.is_ascii_digit()) {
            return Ok(Vec::new());
        }
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        Ok(self.ask(&ListIds { beginning: beginning.to_owned(), limit }).await?)
    }

    /// Returns how many records there are.
    pub async fn count(&self) -> Result<u64, StoreError> {
        Ok(self.ask(&CountRecords).await?)
    }

    /// Keeps a new record and gives its id. Ids are never used twice.
    pub async fn add<T: Serialize>(&self, record: &T) -> Result<u64, StoreError> {
        let (write, value, named_by) = (WriteId::new()?, write(record)?, self.name_member());
        self.write(&AddRecord { write, value, named_by }).await?.ok_or(StoreError::Full)
    }

    /// Replaces the record `id`. False if there is none.
    pub async fn replace<T: Serialize>(&self, id: u64, record: &T) -> Result<bool, StoreError> {
        let (write, value, named_by) = (WriteId::new()?, write(record)?, self.name_member());
        self.write(&ReplaceRecord { write, id, value, named_by }).await
    }

    /// Deletes the record `id`. False if there is none.
    pub async fn delete(&self, id: u64) -> Result<bool, StoreError> {
        self.write(&DeleteRecord { write: WriteId::new()?, id }).await
    }

    async fn read(&self, what: RecordPart, select: Select) -> Result<StorePage<String>, StoreError> {
        let Select { after, limit, bytes, beginning } = select;
        let limit = u64::try_from(limit.min(MAX_RECORDS)).unwrap_or(u64::MAX);
        let command = ReadRecords { what, after, limit, bytes, beginning, named_by: self.name_member() };
        let Records { records, more } = self.ask(&command).await?;
        let next = records.last().map(|(id, _)| *id).filter(|_| more);
        Ok(StorePage { records, next })
    }

    /// Asks for a write. It may have been carried out even if no answer came.
    async fn write<C: Command>(&self, command: &C) -> Result<C::Answer, StoreError> {
        self.ask(command).await.map_err(|Unavailable| StoreError::MaybeSaved)
    }

    fn name_member(&self) -> Option<String> {
        self.named_by.map(str::to_owned)
    }

    async fn ask<C: Command>(&self, command: &C) -> Result<C::Answer, Unavailable> {
        ObjectStub::new(&self.env, Binding::SubjectStore, self.name.as_str()).ask_again(command).await
    }
}

fn write<T: Serialize>(record: &T) -> Result<String, StoreError> {
    let value = serde_json::to_string(record).map_err(|_| StoreError::Form)?;
    if value.len() > MAX_RECORD_BYTES { Err(StoreError::RecordTooLarge) } else { Ok(value) }
}

fn parse<T: DeserializeOwned>(value: &str) -> Result<T, StoreError> {
    serde_json::from_slice(value.as_bytes()).map_err(|_| StoreError::Form)
}
