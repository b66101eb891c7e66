//! The rows of the `Directory` about people, for the owner's page: their addresses, and the words by which they are found. How many
//! rows a query reads has a limit, however many people there are.

use worker::{SqlStorage, SqlStorageValue};

use mcp_connector_base::codec::DecodeError;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::crypto::opaque::ObjectName;

use crate::objects::directory::commands::{KnownPerson, ListPeople, PeoplePage, SignedInPerson};
use crate::objects::directory::search::{Search, words_of};
use crate::objects::rows::{integer, number, seconds, unreadable, values};

/// Maximum number of people on a page.
const PAGE: u64 = 50;

/// How much later a use has to be for its time to be written anew, in seconds. The times of last uses are exact to the day.
pub(crate) const LAST_USE_AFTER: u64 = 3600;

/// The tables beside `people`, which has no column for an address.
pub(crate) const TABLES: &str = "\
    CREATE TABLE IF NOT EXISTS addresses (person TEXT PRIMARY KEY, email TEXT NOT NULL) WITHOUT ROWID;\
    CREATE TABLE IF NOT EXISTS words (word TEXT, person TEXT, PRIMARY KEY (word, person)) WITHOUT ROWID;\
    CREATE INDEX IF NOT EXISTS people_by_name ON people (lower(coalesce(name, subject)), person)";

const COLUMNS: &str = "SELECT people.person, subject, name, email, first_at, last_at";
const WITH_ADDRESSES: &str = "LEFT JOIN addresses ON addresses.person = people.person";
const KEY: &str = "lower(coalesce(name, subject))";
/// People after a place in the order of their names: a range over the index, to which the second part adds people of the same name.
const AFTER: &str =
    "lower(coalesce(name, subject)) >= ?1 AND (lower(coalesce(name, subject)) > ?1 OR people.person > ?2)";

/// As many people with a word are looked up and put in order. If more have it, the list is read through instead.
const FEW: u64 = 1000;
/// How many people of the list one page of a search reads through.
const READ_THROUGH: u64 = 20_000;

/// The rows about people.
pub(crate) struct People<'a>(pub(crate) &'a SqlStorage);

impl People<'_> {
    /// Enters that a person has signed in. Only what is new is written.
    pub(crate) fn enter(&self, signed_in: &SignedInPerson, at: Timestamp) -> worker::Result<()> {
        let person = ObjectName::of(&signed_in.subject).to_string();
        let known = self.find(&person)?;
        match &known {
            None => {
                let insert = "INSERT INTO people VALUES (?1, ?2, ?3, ?4, ?4)";
                let name = signed_in.name.as_deref().map_or(SqlStorageValue::Null, Into::into);
                self.run(insert, vec![person.as_str().into(), signed_in.subject.as_str().into(), name, seconds(at)?])?;
            }
            Some(known) => {
                if at < known.first_at || at.seconds_since(known.last_at) >= LAST_USE_AFTER {
                    let update =
                        "UPDATE people SET first_at = min(first_at, ?1), last_at = max(last_at, ?1) WHERE person = ?2";
                    self.run(update, vec![seconds(at)?, person.as_str().into()])?;
                }
                // A statement of its own, because one that sets the name also writes its index.
                if let Some(name) = signed_in.name.as_deref().filter(|name| known.name.as_deref() != Some(*name)) {
                    let rename = "UPDATE people SET name = ? WHERE person = ?";
                    self.run(rename, vec![name.into(), person.as_str().into()])?;
                }
            }
        }
        let known_email = known.as_ref().and_then(|known| known.email.as_deref());
        if let Some(email) = signed_in.email.as_deref().filter(|email| known_email != Some(*email)) {
            let upsert =
                "INSERT INTO addresses VALUES (?, ?) ON CONFLICT (person) DO UPDATE SET email = excluded.email";
            self.run(upsert, vec![person.as_str().into(), email.into()])?;
        }
        self.index(&person, known.as_ref(), signed_in)
    }

    /// Writes the words by which a person is found, if they are new or have changed.
    fn index(&self, person: &str, known: Option<&KnownPerson>, signed_in: &SignedInPerson) -> worker::Result<()> {
        let before = known.map_or_else(Vec::new, |known| words_of(known.name.as_deref(), known.email.as_deref()));
        let name = signed_in.name.as_deref().or(known.and_then(|known| known.name.as_deref()));
        let email = signed_in.email.as_deref().or(known.and_then(|known| known.email.as_deref()));
        let words = words_of(name, email);
        // A person of an earlier version has no words yet.
        if words == before && self.has_word(words.first(), person)? {
            return Ok(());
        }
        for word in before.iter().filter(|word| !words.contains(word)) {
            self.run("DELETE FROM words WHERE word = ? AND person = ?", vec![word.as_str().into(), person.into()])?;
        }
        for word in &words {
            let insert = "INSERT INTO words VALUES (?, ?) ON CONFLICT DO NOTHING";
            self.run(insert, vec![word.as_str().into(), person.into()])?;
        }
        Ok(())
    }

    fn has_word(&self, word: Option<&String>, person: &str) -> worker::Result<bool> {
        let Some(word) = word else { return Ok(true) };
        let query = "SELECT 1 FROM words WHERE word = ? AND person = ?";
        let found: Vec<[SqlStorageValue; 1]> = values(self.0, query, vec![word.as_str().into(), person.into()])?;
        Ok(!found.is_empty())
    }

    /// Returns the person whose object has this name.
    pub(crate) fn find(&self, person: &str) -> worker::Result<Option<KnownPerson>> {
        let query = format!("{COLUMNS} FROM people {WITH_ADDRESSES} WHERE people.person = ?");
        values(self.0, &query, vec![person.into()])?.pop().map(known_person).transpose()
    }

    /// Returns a page of people in the order of their names.
    pub(crate) fn page(&self, command: &ListPeople) -> worker::Result<PeoplePage> {
        let place = self.place(command.after.as_deref())?;
        match command.search.as_deref().map(Search::parse) {
            None => self.everybody(place),
            Some(None) => Ok(PeoplePage::default()),
            Some(Some(search)) if self.is_rare(&search)? => self.found_by_word(place, search),
            Some(Some(search)) => self.found_in_list(place, &search),
        }
    }

    fn everybody(&self, (key, after): PageStart) -> worker::Result<PeoplePage> {
        let query =
            format!("{COLUMNS} FROM people {WITH_ADDRESSES} WHERE {AFTER} ORDER BY {KEY}, people.person LIMIT ?3");
        self.read(&query, vec![key.into(), after.into(), integer(PAGE + 1)?]).map(PeoplePage::first)
    }

    /// Returns whether few people have a word that begins as the search does.
    fn is_rare(&self, search: &Search) -> worker::Result<bool> {
        let query = "SELECT count(*) FROM (SELECT 1 FROM words WHERE word >= ?1 AND word < ?2 LIMIT ?3)";
        let [first, end] = range(&search.prefix);
        Ok(number(self.0, query, vec![first, end, integer(FEW + 1)?])?.is_none_or(|found| found <= FEW))
    }

    fn found_by_word(&self, (key, after): PageStart, search: Search) -> worker::Result<PeoplePage> {
        // A cross join is carried out in this order.
        let query = format!(
            "{COLUMNS} FROM (SELECT DISTINCT person FROM words WHERE word >= ?3 AND word < ?4) AS found \
            CROSS JOIN people ON people.person = found.person {WITH_ADDRESSES} \
            WHERE {AFTER} AND instr(lower(coalesce(name, '') || ' ' || coalesce(email, '')), ?5) > 0 \
            ORDER BY {KEY}, people.person LIMIT ?6"
        );
        let [first, end] = range(&search.prefix);
        let bindings = vec![key.into(), after.into(), first, end, search.rest.into(), integer(PAGE + 1)?];
        self.read(&query, bindings).map(PeoplePage::first)
    }

    /// Reads a part of the list. The page may have few people or none although there are more: then it says where to go on.
    fn found_in_list(&self, (key, after): PageStart, search: &Search) -> worker::Result<PeoplePage> {
        let part = format!("SELECT * FROM people WHERE {AFTER} ORDER BY {KEY}, person LIMIT ?3");
        let place =
            || -> worker::Result<_> { Ok(vec![key.as_str().into(), after.as_str().into(), integer(READ_THROUGH)?]) };
        let query = format!(
            "{COLUMNS} FROM ({part}) AS people {WITH_ADDRESSES} \
            WHERE instr(lower(coalesce(name, '') || ' ' || coalesce(email, '')), ?4) > 0 \
            AND instr(lower(coalesce(name, '') || ' ' || coalesce(email, '')), ?5) > 0 LIMIT ?6"
        );
        // The lower case of SQLite is that of ASCII.
        let ascii = search.prefix.split(|c: char| !c.is_ascii()).max_by_key(|part| part.len()).unwrap_or_default();
        let mut bindings = place()?;
        let most = if ascii == search.prefix { PAGE + 1 } else { FEW };
        bindings.extend([ascii.into(), search.rest.as_str().into(), integer(most)?]);
        let rows = self.read(&query, bindings)?;
        let is_whole = rows.len() < usize::try_from(most).unwrap_or(usize::MAX);
        let last_read = rows.last().map(|last| last.person.clone());
        let mut page = PeoplePage::first(rows.into_iter().filter(|known| search.finds(known)).collect());
        if page.next.is_none() {
            page.next = if is_whole {
                let end = format!("SELECT person FROM ({part}) LIMIT 1 OFFSET ?4");
                let mut bindings = place()?;
                bindings.push(integer(READ_THROUGH - 1)?);
                match values(self.0, &end, bindings)?.pop() {
                    Some([SqlStorageValue::String(person)]) => Some(person),
                    Some(_) => return Err(unreadable(DecodeError)),
                    None => None,
                }
            } else {
                last_read
            };
        }
        Ok(page)
    }

    /// Returns people in the order of the names of their objects.
    pub(crate) fn between(&self, after: &str, before: &str, most: u64) -> worker::Result<Vec<KnownPerson>> {
        let query = format!(
            "{COLUMNS} FROM people {WITH_ADDRESSES} WHERE people.person > ?1 AND people.person < ?2 \
            ORDER BY people.person LIMIT ?3"
        );
        self.read(&query, vec![after.into(), before.into(), integer(most)?])
    }

    /// Returns how many people there are, or `most` if there are more.
    pub(crate) fn count(&self, most: u64) -> worker::Result<u64> {
        let query = "SELECT count(*) FROM (SELECT 1 FROM people LIMIT ?)";
        Ok(number(self.0, query, vec![integer(most)?])?.unwrap_or_default())
    }

    fn read(&self, query: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<Vec<KnownPerson>> {
        values(self.0, query, bindings)?.into_iter().map(known_person).collect()
    }

    /// Returns where a page begins: the name and the object of the last person of the page before.
    fn place(&self, after: Option<&str>) -> worker::Result<PageStart> {
        let Some(after) = after else { return Ok(Default::default()) };
        let query = format!("SELECT {KEY} FROM people WHERE person = ?");
        let found: Vec<[SqlStorageValue; 1]> = values(self.0, &query, vec![after.into()])?;
        match found.into_iter().next() {
            Some([SqlStorageValue::String(key)]) => Ok((key, after.to_owned())),
            Some(_) => Err(unreadable(DecodeError)),
            None => Ok(Default::default()),
        }
    }

    fn run(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> worker::Result<()> {
        self.0.exec(statement, bindings).map(drop)
    }
}

/// The name and the object of the last person of the page before.
type PageStart = (String, String);

/// Returns the range of the words that begin with a prefix.
fn range(prefix: &str) -> [SqlStorageValue; 2] {
    [prefix.into(), [prefix, "\u{10FFFF}"].concat().into()]
}

impl PeoplePage {
    /// Returns a page with the first of some people, and where the next one begins if there are more.
    fn first(mut people: Vec<KnownPerson>) -> Self {
        let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
        let has_more = people.len() > page;
        people.truncate(page);
        let next = people.last().filter(|_| has_more).map(|last| last.person.clone());
        Self { people, next }
    }
}

fn known_person(row: [SqlStorageValue; 6]) -> worker::Result<KnownPerson> {
    let text = |value| {
        if let SqlStorageValue::String(text) = value {
            return Ok(Some(text));
        }
        if matches!(value, SqlStorageValue::Null) { Ok(None) } else { Err(unreadable(DecodeError)) }
    };
    let moment = |value: &SqlStorageValue| {
        let SqlStorageValue::Integer(at) = value else { return Err(unreadable(DecodeError)) };
        Ok(Timestamp::from_seconds(at.unsigned_abs()))
    };
    let [person, subject, name, email, first_at, last_at] = row;
    Ok(KnownPerson {
        person: text(person)?.ok_or_else(|| unreadable(DecodeError))?,
        subject: text(subject)?.ok_or_else(|| unreadable(DecodeError))?,
        name: text(name)?,
        email: text(email)?,
        first_at: moment(&first_at)?,
        last_at: moment(&last_at)?,
    })
}
