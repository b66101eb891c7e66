//! [`Store`]: what a connector keeps for each person, as records of JSON in a Durable Object of their own.

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use worker::Env;

use mcp_connector_base::command::Command;
use mcp_connector_protocol::{ToolError, Unavailable};

use crate::author::Context;
use crate::config::bindings::Binding;
use crate::objects::store::commands::{
    AddRecord, CountRecords, DeleteRecord, ListIds, MAX_PAGE_BYTES, MAX_RECORD_BYTES, MAX_RECORDS, ReadNewest,
    ReadRecord, ReadRecords, RecordPart, Records, ReplaceRecord,
};
use crate::objects::store::last_writes::WriteId;
use crate::objects::stub::ObjectStub;

/// The records of one person in one collection.
///
/// A record is any type that `serde` writes and reads as JSON; each gets an id, and ids are never used twice. The records of a
/// person are in a Durable Object of their own, so a handler reaches those of its caller and of nobody else.
///
/// ```
/// use mcp_connector::{Context, Store, ToolError};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Note {
///     title: String,
/// }
///
/// async fn rename(cx: &Context, id: u64, title: String) -> Result<String, ToolError> {
///     let notes = Store::of(cx, "notes")?;
///     let note: Option<Note> = notes.get(id).await?;
///     let Some(note) = note else {
///         return Err(ToolError::new("There is no such note."));
///     };
///     notes.replace(id, &Note { title }).await?;
///     Ok(format!("“{}” has a new title.", note.title))
/// }
/// ```
pub struct Store {
    env: Env,
    /// The name of its object.
    name: String,
    /// The member of a record that is its name.
    named_by: Option<&'static str>,
}

/// Which records to read: those after an id, those whose names begin with a text, and how many.
///
/// ```
/// use mcp_connector::{Select, Store, StoreError, StorePage};
///
/// /// Returns the titles of twenty notes after the note `after`.
/// async fn titles(notes: &Store, after: Option<u64>) -> Result<StorePage<String>, StoreError> {
///     notes.names(Select::all().after(after).limit(20)).await
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Select {
    after: u64,
    limit: usize,
    max_bytes: usize,
    name_prefix: Option<String>,
}

/// A page of a collection: records in the order of their ids.
///
/// ```
/// use mcp_connector::{Select, Store, StoreError, StorePage};
///
/// /// Counts the characters of all notes, page by page.
/// async fn characters(notes: &Store) -> Result<usize, StoreError> {
///     let (mut characters, mut after) = (0, None);
///     loop {
///         let StorePage { records, next } = notes.page::<String>(Select::all().after(after)).await?;
///         characters += records.iter().map(|(_, note)| note.chars().count()).sum::<usize>();
///         match next {
///             Some(next) => after = Some(next),
///             None => return Ok(characters),
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorePage<T> {
    /// The records with their ids.
    pub records: Vec<(u64, T)>,
    /// The end of this page, for [`Select::after`]. None on the last page.
    pub next: Option<u64>,
}

/// Why a record was not read or kept.
///
/// In a handler, `?` turns it into a [`ToolError`](crate::ToolError) that the model can read.
///
/// ```
/// use mcp_connector::{Store, StoreError, ToolError};
///
/// async fn add(notes: &Store, note: &str) -> Result<u64, ToolError> {
///     match notes.add(&note).await {
///         Err(StoreError::Full) => Err(ToolError::new("There are 1000 notes. Delete one with delete_note first.")),
///         added => Ok(added?),
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// `wrangler.toml` does not bind `SUBJECT_STORE`. The log of the Worker has the lines to add.
    #[error("the owner of this connector must bind SUBJECT_STORE in wrangler.toml")]
    NotBound,
    /// Storage did not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// Storage was told twice to change something and did not answer, so it is not known whether it was changed. To call
    /// [`Store::add`] again may keep the record twice.
    #[error("storage does not answer, but this may have been saved; look before you try again")]
    MaybeSaved,
    /// The record is larger than [`Store::MAX_RECORD_BYTES`].
    #[error("that is too large to keep; shorten it")]
    RecordTooLarge,
    /// There are [`Store::MAX_RECORDS`] records already.
    #[error("there is no room for more; delete something first")]
    Full,
    /// The collection is larger than [`Store::list`] reads.
    #[error("the records are too large to read at once; read them in pages")]
    TooMuch,
    /// A stored record does not fit the type that it is read into. Give new fields `#[serde(default)]`.
    #[error("a stored record does not fit its type; the author can give new fields #[serde(default)]")]
    Form,
    /// A record cannot be written as JSON.
    #[error("the record cannot be written as JSON")]
    NotJson,
}

impl Select {
    /// Selects all records, as many as fit on a page.
    #[must_use]
    pub const fn all() -> Self {
        Self { after: 0, limit: MAX_RECORDS, max_bytes: MAX_PAGE_BYTES, name_prefix: None }
    }

    /// Selects only records after this id; [`StorePage::next`] of the page before. With none, from the first.
    #[must_use]
    pub fn after(self, id: impl Into<Option<u64>>) -> Self {
        Self { after: id.into().unwrap_or_default(), ..self }
    }

    /// Selects at most this many records, and at least one.
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit: limit.max(1), ..self }
    }

    /// Selects no more records than this many bytes of JSON hold, and at least one. Never more than
    /// [`Store::MAX_PAGE_BYTES`].
    #[must_use]
    pub fn max_bytes(self, bytes: usize) -> Self {
        Self { max_bytes: bytes.min(MAX_PAGE_BYTES), ..self }
    }

    /// Selects only records whose names begin with this text; the letters A to Z match in either case. Needs
    /// [`Store::named_by`].
    #[must_use]
    pub fn name_prefix(self, text: impl Into<String>) -> Self {
        Self { name_prefix: Some(text.into()).filter(|text| !text.is_empty()), ..self }
    }
}

impl Store {
    /// The size of the largest record, in bytes of JSON.
    pub const MAX_RECORD_BYTES: usize = MAX_RECORD_BYTES;
    /// The number of records that one person can have in a collection.
    pub const MAX_RECORDS: usize = MAX_RECORDS;
    /// The number of bytes of JSON that are read at once.
    pub const MAX_PAGE_BYTES: usize = MAX_PAGE_BYTES;

    /// Returns the records that the caller has in `collection`.
    ///
    /// # Errors
    ///
    /// Fails in a tool without a scope, since it may be called by nobody in particular, and where `wrangler.toml` does not bind
    /// `SUBJECT_STORE`.
    pub fn of(cx: &Context, collection: &str) -> Result<Self, ToolError> {
        Ok(Self::behind(cx.env(), format!("{collection}/{}", cx.subject()?))?)
    }

    /// Returns the records in `collection` under a name of your own, for code that no person calls: a route beside the
    /// connector. Everybody who knows the name reaches them, so it has to be random where they concern a person.
    ///
    /// # Errors
    ///
    /// Fails where `wrangler.toml` does not bind `SUBJECT_STORE`.
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

    /// Says which member of a record is its name, so that names are listed and searched without reading the records. Say it
    /// wherever the collection is used. Older records get their names when it is first said.
    #[must_use]
    pub fn named_by(self, member: &'static str) -> Self {
        Self { named_by: Some(member), ..self }
    }

    /// Returns a page of records, oldest first.
    ///
    /// # Errors
    ///
    /// Fails while storage does not answer, and where a record is not a `T`.
    pub async fn page<T: DeserializeOwned>(&self, select: Select) -> Result<StorePage<T>, StoreError> {
        let StorePage { records, next } = self.read(RecordPart::Value, select).await?;
        let records = records.into_iter().map(|(id, value)| Ok((id, parse(&value)?)));
        Ok(StorePage { records: records.collect::<Result<_, StoreError>>()?, next })
    }

    /// Returns a page of the names of records, oldest first; of each name the first 200 characters. Needs
    /// [`Store::named_by`].
    ///
    /// # Errors
    ///
    /// Fails while storage does not answer.
    pub async fn names(&self, select: Select) -> Result<StorePage<String>, StoreError> {
        self.read(RecordPart::Name, select).await
    }

    /// Returns all records of a small collection with their ids, oldest first.
    ///
    /// # Errors
    ///
    /// Fails where they are larger than [`Store::MAX_PAGE_BYTES`], which [`Store::page`] reads in parts; while storage does not
    /// answer, and where a record is not a `T`.
    pub async fn list<T: DeserializeOwned>(&self) -> Result<Vec<(u64, T)>, StoreError> {
        let StorePage { records, next } = self.page(Select::all()).await?;
        if next.is_some() { Err(StoreError::TooMuch) } else { Ok(records) }
    }

    /// Returns the newest record, if there is one.
    ///
    /// # Errors
    ///
    /// Fails while storage does not answer, and where the record is not a `T`.
    pub async fn newest<T: DeserializeOwned>(&self) -> Result<Option<(u64, T)>, StoreError> {
        self.ask(&ReadNewest).await?.map(|(id, value)| Ok((id, parse(&value)?))).transpose()
    }

    /// Returns the record `id`, if there is one.
    ///
    /// # Errors
    ///
    /// Fails while storage does not answer, and where the record is not a `T`.
    pub async fn get<T: DeserializeOwned>(&self, id: u64) -> Result<Option<T>, StoreError> {
        self.ask(&ReadRecord { id }).await?.map(|(_, value)| parse(&value)).transpose()
    }

    /// Returns at most `limit` ids whose digits begin with this text, for the completion of an id.
    ///
    /// # Errors
    ///
    /// Fails while storage does not answer.
    pub async fn ids(&self, prefix: &str, limit: usize) -> Result<Vec<u64>, StoreError> {
        if !prefix.bytes().all(|digit| digit.is_ascii_digit()) {
            return Ok(Vec::new());
        }
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        Ok(self.ask(&ListIds { prefix: prefix.to_owned(), limit }).await?)
    }

    /// Returns the number of records.
    ///
    /// # Errors
    ///
    /// Fails while storage does not answer.
    pub async fn count(&self) -> Result<u64, StoreError> {
        Ok(self.ask(&CountRecords).await?)
    }

    /// Adds a record and returns its id.
    ///
    /// # Errors
    ///
    /// Fails where the record is too large or the collection is full, and while storage does not answer;
    /// [`StoreError::MaybeSaved`] if it is not known whether the record was added.
    pub async fn add<T: Serialize>(&self, record: &T) -> Result<u64, StoreError> {
        let (write, value, named_by) = (WriteId::new()?, write(record)?, self.name_member());
        self.write(&AddRecord { write, value, named_by }).await?.ok_or(StoreError::Full)
    }

    /// Replaces the record `id`. Returns false if there is none.
    ///
    /// # Errors
    ///
    /// As [`Store::add`].
    pub async fn replace<T: Serialize>(&self, id: u64, record: &T) -> Result<bool, StoreError> {
        let (write, value, named_by) = (WriteId::new()?, write(record)?, self.name_member());
        self.write(&ReplaceRecord { write, id, value, named_by }).await
    }

    /// Deletes the record `id`. Returns false if there is none.
    ///
    /// # Errors
    ///
    /// Fails while storage does not answer; [`StoreError::MaybeSaved`] if it is not known whether the record was deleted.
    pub async fn delete(&self, id: u64) -> Result<bool, StoreError> {
        self.write(&DeleteRecord { write: WriteId::new()?, id }).await
    }

    async fn read(&self, what: RecordPart, select: Select) -> Result<StorePage<String>, StoreError> {
        let Select { after, limit, max_bytes: bytes, name_prefix: prefix } = select;
        let limit = u64::try_from(limit.min(MAX_RECORDS)).unwrap_or(u64::MAX);
        let command = ReadRecords { what, after, limit, bytes, prefix, named_by: self.name_member() };
        let Records { records, more } = self.ask(&command).await?;
        let next = records.last().map(|(id, _)| *id).filter(|_| more);
        Ok(StorePage { records, next })
    }

    /// Sends a write, which may have been carried out even if no answer came.
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
    let value = serde_json::to_string(record).map_err(|_| StoreError::NotJson)?;
    if value.len() > MAX_RECORD_BYTES { Err(StoreError::RecordTooLarge) } else { Ok(value) }
}

fn parse<T: DeserializeOwned>(value: &str) -> Result<T, StoreError> {
    serde_json::from_slice(value.as_bytes()).map_err(|_| StoreError::Form)
}
