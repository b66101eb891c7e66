//! The tables of the Durable Objects, as they are deployed. `CREATE TABLE IF NOT EXISTS` does not change an existing
//! table. A column that is changed in the code only would be missing in every object that exists, and each of its calls
//! would fail.
//!
//! If this test fails, do not change the list: change the existing table (`ALTER TABLE`), or make another beside it.

use crate::objects::{directory, grants, keyring};

/// Every statement that creates something, by its file.
const DEPLOYED: [(&str, &[&str]); 13] = [
    (
        include_str!("directory/rows.rs"),
        &[
            "TABLE IF NOT EXISTS people (person TEXT PRIMARY KEY, subject TEXT NOT NULL, name TEXT, first_at INTEGER NOT NULL, \
             last_at INTEGER NOT NULL) WITHOUT ROWID",
            "TABLE IF NOT EXISTS uses (client TEXT, person TEXT, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, \
             PRIMARY KEY (client, person)) WITHOUT ROWID",
            "TABLE IF NOT EXISTS ended (client TEXT PRIMARY KEY, at INTEGER NOT NULL, swept_to TEXT NOT NULL, \
             is_swept INTEGER NOT NULL) WITHOUT ROWID",
            "TABLE IF NOT EXISTS looked_through (one INTEGER PRIMARY KEY CHECK (one = 1), client TEXT NOT NULL, person TEXT NOT NULL)",
        ],
    ),
    (
        include_str!("directory/people.rs"),
        &[
            "TABLE IF NOT EXISTS addresses (person TEXT PRIMARY KEY, email TEXT NOT NULL) WITHOUT ROWID",
            "TABLE IF NOT EXISTS words (word TEXT, person TEXT, PRIMARY KEY (word, person)) WITHOUT ROWID",
            "INDEX IF NOT EXISTS people_by_name ON people (lower(coalesce(name, subject)), person)",
        ],
    ),
    (
        include_str!("anonymous_quota/object.rs"),
        &["TABLE IF NOT EXISTS places (key TEXT PRIMARY KEY, held INTEGER NOT NULL, \
           network TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID"],
    ),
    (
        include_str!("grants/rows.rs"),
        &[
            "TABLE IF NOT EXISTS codes (id TEXT PRIMARY KEY, value BLOB NOT NULL, forget_at INTEGER NOT NULL) WITHOUT ROWID",
            "TABLE IF NOT EXISTS grants (id TEXT PRIMARY KEY, value BLOB NOT NULL, forget_at INTEGER NOT NULL) WITHOUT ROWID",
            "TABLE IF NOT EXISTS access_keys (id TEXT PRIMARY KEY, value BLOB NOT NULL, forget_at INTEGER NOT NULL) WITHOUT ROWID",
            "TABLE IF NOT EXISTS signed_out (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, forget_at INTEGER NOT NULL)",
            "TABLE IF NOT EXISTS entered (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
            "TABLE IF NOT EXISTS sign_in (id TEXT PRIMARY KEY, value BLOB NOT NULL, forget_at INTEGER NOT NULL) WITHOUT ROWID",
            "TABLE IF NOT EXISTS identity (one INTEGER PRIMARY KEY CHECK (one = 1), value BLOB NOT NULL)",
            "TABLE IF NOT EXISTS upstreams (name TEXT PRIMARY KEY, value BLOB NOT NULL, forget_at INTEGER NOT NULL) WITHOUT ROWID",
        ],
    ),
    (
        include_str!("keyring/object.rs"),
        &["TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"],
    ),
    (
        include_str!("store/last_writes.rs"),
        &["TABLE IF NOT EXISTS writes (one INTEGER PRIMARY KEY CHECK (one = 1), value BLOB NOT NULL)"],
    ),
    (
        include_str!("session/rows.rs"),
        &[
            "TABLE IF NOT EXISTS events (stream TEXT, number INTEGER, event BLOB NOT NULL, at INTEGER NOT NULL, \
             PRIMARY KEY (stream, number)) WITHOUT ROWID",
            "TABLE IF NOT EXISTS kept (one INTEGER PRIMARY KEY CHECK (one = 1), value BLOB NOT NULL)",
        ],
    ),
    (
        include_str!("store/object.rs"),
        &[
            "TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY AUTOINCREMENT, value TEXT NOT NULL)",
            "TABLE IF NOT EXISTS names (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
        ],
    ),
    (
        include_str!("store/upload_uses.rs"),
        &["TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, attempt BLOB, attempts INTEGER NOT NULL, \
           forget_at INTEGER NOT NULL) WITHOUT ROWID"],
    ),
    (
        include_str!("task/rows.rs"),
        &["TABLE IF NOT EXISTS task (part TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"],
    ),
    (
        include_str!("task/event_rows.rs"),
        &[
            "TABLE IF NOT EXISTS deliveries (person TEXT PRIMARY KEY, value TEXT NOT NULL, forget_at INTEGER NOT NULL) WITHOUT ROWID",
            "TABLE IF NOT EXISTS waits (task TEXT PRIMARY KEY, person TEXT NOT NULL, key TEXT NOT NULL, \
             forget_at INTEGER NOT NULL) WITHOUT ROWID",
        ],
    ),
    (
        include_str!("subscriptions/rows.rs"),
        &[
            "TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, owner TEXT, has_ended INTEGER NOT NULL, \
             forget_at INTEGER NOT NULL) WITHOUT ROWID",
            "TABLE IF NOT EXISTS watched (session TEXT, uri TEXT, is_own INTEGER NOT NULL, PRIMARY KEY (session, uri)) \
             WITHOUT ROWID",
            "INDEX IF NOT EXISTS watched_by_uri ON watched (uri)",
            "INDEX IF NOT EXISTS sessions_by_owner ON sessions (owner) WHERE owner IS NOT NULL",
        ],
    ),
    (
        include_str!("subscriptions/shard_rows.rs"),
        &[
            "TABLE IF NOT EXISTS shards (number INTEGER PRIMARY KEY)",
            "TABLE IF NOT EXISTS placed (session TEXT PRIMARY KEY, shard INTEGER NOT NULL) WITHOUT ROWID",
            "INDEX IF NOT EXISTS placed_by_shard ON placed (shard)",
        ],
    ),
];

/// Returns what follows each `CREATE` in the strings of a source file.
fn created(source: &str) -> Vec<String> {
    // A backslash at the end of a line, and the white space of the next one, are no part of a string.
    let joined: String = source
        .split("\\\n")
        .enumerate()
        .fold(String::new(), |joined, (at, line)| joined + if at == 0 { line } else { line.trim_start_matches(' ') });
    let statements = joined.split("CREATE ").skip(1);
    statements.map(|rest| rest.split([';', '"']).next().unwrap_or_default().trim_end().to_owned()).collect()
}

#[test]
fn the_tables_that_are_deployed_keep_their_columns() {
    for (source, deployed) in DEPLOYED {
        assert_eq!(created(source), deployed, "{}", source.lines().next().unwrap_or_default());
    }
}

#[test]
fn a_schema_names_each_table_and_index_that_it_makes() {
    for schema in [directory::rows::SCHEMA, grants::rows::SCHEMA, keyring::object::SCHEMA] {
        let statements = schema.create.iter().flat_map(|statements| statements.split(';'));
        let created: Vec<&str> =
            statements.filter_map(|statement| statement.split_once("IF NOT EXISTS ")?.1.split(' ').next()).collect();
        assert_eq!(created, schema.names);
    }
}
