//! The rows of the `Directory` about people, for the owner's page: their addresses, and the words by which they are found. Each query
//! reads about as many rows as it gives, however many people there are.

use worker::{SqlStorage, SqlStorageValue};

use mcp_connector_base::codec::DecodeError;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::crypto::opaque::ObjectName;

use crate::objects::directory::commands::{KnownPerson, ListPeople, PeoplePage, SignedInPerson};
use crate::objects::directory::search::{Search, words_of};
use crate::objects::rows::{integer, seconds, unreadable, values};

/// Maximum number of people on a page.
const PAGE: u64 = 50;

/// The tables beside `people`, which has no column for an address.
pub(crate) const TABLES: &str = "\
    CREATE TABLE IF NOT EXISTS addresses (person TEXT PRIMARY KEY, email TEXT NOT NULL) WITHOUT ROWID;\
    CREATE TABLE IF NOT EXISTS words (word TEXT, person TEXT, PRIMARY KEY (word, person)) WITHOUT ROWID;\
    CREATE INDEX IF NOT EXISTS people_by_name ON people (lower(coalesce(name, subject)), person)";

const COLUMNS: &str = "SELECT people.person, subject, name, email, first_at, last_at FROM people \
    LEFT JOIN addresses ON addresses.person = people.person";

/// The rows about people.
pub(crate) struct People<'a>(pub(crate) &'a SqlStorage);

impl People<'_> {
    /// Enters that a person has signed in. Only what is new is written.
    pub(crate) fn enter(&self, signed_in: &SignedInPerson, at: Timestamp) -> worker::Result<()> {
        let person = ObjectName::of(&signed_in.subject).to_string();
        let known = self.find(&person)?;
        let upsert = "INSERT INTO people VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT (person) DO UPDATE SET \
            first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at) \
            WHERE excluded.last_at > last_at OR excluded.first_at < first_at";
        let name = signed_in.name.as_deref().map_or(SqlStorageValue::Null, Into::into);
        self.run(upsert, vec![person.as_str().into(), signed_in.subject.as_str().into(), name, seconds(at)?])?;
        // A statement of its own, because one that sets the name also writes its index.
        if let Some(name) = &signed_in.name {
            let rename = "UPDATE people SET name = ?1 WHERE person = ?2 AND name IS NOT ?1";
            self.run(rename, vec![name.as_str().into(), person.as_str().into()])?;
        }
        if let Some(email) = &signed_in.email {
            let upsert = "INSERT INTO addresses VALUES (?, ?) ON CONFLICT (person) DO UPDATE SET email = excluded.email \
                WHERE excluded.email <> email";
            self.run(upsert, vec![person.as_str().into(), email.as_str().into()])?;
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
        let query = format!("{COLUMNS} WHERE people.person = ?");
        values(self.0, &query, vec![person.into()])?.pop().map(known_person).transpose()
    }

    /// Returns a page of people in the order of their names.
    pub(crate) fn page(&self, command: &ListPeople) -> worker::Result<PeoplePage> {
        let (key, after) = self.place(command.after.as_deref())?;
        let mut bindings = vec![key.as_str().into(), after.into()];
        // A range over an index, to which the second part adds people of the same name.
        let by_name =
            "lower(coalesce(name, subject)) >= ?1 AND (lower(coalesce(name, subject)) > ?1 OR people.person > ?2)";
        let by_word = match command.search.as_deref().map(Search::parse) {
            None => "",
            Some(None) => return Ok(PeoplePage::default()),
            Some(Some(Search { prefix, rest })) => {
                bindings.extend([prefix.as_str().into(), [&prefix, "\u{10FFFF}"].concat().into(), rest.into()]);
                " AND people.person IN (SELECT person FROM words WHERE word >= ?3 AND word < ?4) \
                 AND instr(lower(coalesce(name, '') || ' ' || coalesce(email, '')), ?5) > 0"
            }
        };
        let limit = bindings.len() + 1;
        bindings.push(integer(PAGE + 1)?);
        let query = format!(
            "{COLUMNS} WHERE {by_name}{by_word} ORDER BY lower(coalesce(name, subject)), people.person LIMIT ?{limit}"
        );
        let mut people =
            values(self.0, &query, bindings)?.into_iter().map(known_person).collect::<worker::Result<Vec<_>>>()?;
        let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
        let has_more = people.len() > page;
        people.truncate(page);
        Ok(PeoplePage { people, has_more })
    }

    /// Returns where a page begins: the name and the object of the last person of the page before.
    fn place(&self, after: Option<&str>) -> worker::Result<(String, String)> {
        let Some(after) = after else { return Ok(Default::default()) };
        let query = "SELECT lower(coalesce(name, subject)) FROM people WHERE person = ?";
        let found: Vec<[SqlStorageValue; 1]> = values(self.0, query, vec![after.into()])?;
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
