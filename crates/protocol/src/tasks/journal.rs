//! What a task remembers from one run of its handler to the next: the results of its steps, and the events that came.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::deliveries::event_key::EventKey;

/// Maximum number of entries.
const MAX_ENTRIES: usize = 64;
/// Maximum length in bytes of all entries together.
const MAX_BYTES: usize = 256 * 1024;

/// What a task remembers from one run of its handler to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal(Vec<JournalEntry>);

/// One result that the handler gets again in each run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JournalEntry {
    /// The result of a step, as JSON.
    Step {
        /// The name of the step.
        name: String,
        /// Its result.
        value: String,
    },
    /// An event, as JSON; none if it did not come in time.
    Event {
        /// The key of the event.
        key: EventKey,
        /// The event.
        value: Option<String>,
    },
}

/// How a wait for an event ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WaitOutcome {
    /// With the event, as JSON.
    Event(String),
    /// The event did not come in time.
    InVain,
}

/// The journal has no room for another entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a task keeps at most {MAX_ENTRIES} steps and events, of {MAX_BYTES} bytes together")]
pub struct JournalFull;

impl Journal {
    /// Adds an entry. The first result of a step or an event stays.
    pub(crate) fn add(&mut self, entry: JournalEntry) -> Result<(), JournalFull> {
        let is_known = match &entry {
            JournalEntry::Step { name, .. } => self.step(name).is_some(),
            JournalEntry::Event { key, .. } => self.event(key).is_some(),
        };
        if is_known {
            return Ok(());
        }
        let bytes: usize = self.0.iter().map(JournalEntry::len).sum();
        if self.0.len() >= MAX_ENTRIES || bytes.saturating_add(entry.len()) > MAX_BYTES {
            return Err(JournalFull);
        }
        self.0.push(entry);
        Ok(())
    }

    fn step(&self, wanted: &str) -> Option<&str> {
        self.0.iter().find_map(|entry| match entry {
            JournalEntry::Step { name, value } if name == wanted => Some(value.as_str()),
            JournalEntry::Step { .. } | JournalEntry::Event { .. } => None,
        })
    }

    fn event(&self, wanted: &EventKey) -> Option<WaitOutcome> {
        self.0.iter().find_map(|entry| match entry {
            JournalEntry::Event { key, value } if key == wanted => {
                Some(value.clone().map_or(WaitOutcome::InVain, WaitOutcome::Event))
            }
            JournalEntry::Step { .. } | JournalEntry::Event { .. } => None,
        })
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl JournalEntry {
    fn len(&self) -> usize {
        match self {
            Self::Step { name, value } => name.len() + value.len(),
            Self::Event { key, value } => key.as_str().len() + value.as_ref().map_or(0, String::len),
        }
    }
}

/// Stores an entry of the journal.
type Store = dyn Fn(&JournalEntry) -> Result<(), StoreEntryError>;

/// Why an entry is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StoreEntryError {
    /// There is no room.
    #[error(transparent)]
    Full(#[from] JournalFull),
    /// Storage fails.
    #[error("what a step has done could not be stored")]
    Storage,
}

/// The journal while the handler runs. Each new entry is stored at once.
#[derive(Clone)]
pub struct RunJournal {
    journal: Rc<RefCell<Journal>>,
    store: Rc<Store>,
}

impl RunJournal {
    /// Returns a journal that gives each new entry to `store`.
    #[must_use]
    pub fn new(journal: Journal, store: impl Fn(&JournalEntry) -> Result<(), StoreEntryError> + 'static) -> Self {
        Self { journal: Rc::new(RefCell::new(journal)), store: Rc::new(store) }
    }

    pub(crate) fn step(&self, name: &str) -> Option<String> {
        self.journal.borrow().step(name).map(str::to_owned)
    }

    /// Returns how an earlier wait for this event ended, if there was one.
    pub(crate) fn event(&self, key: &EventKey) -> Option<WaitOutcome> {
        self.journal.borrow().event(key)
    }

    pub(crate) fn add_step(&self, name: &str, value: String) -> Result<(), StoreEntryError> {
        let entry = JournalEntry::Step { name: name.to_owned(), value };
        (self.store)(&entry)?;
        Ok(self.journal.borrow_mut().add(entry)?)
    }
}

impl fmt::Debug for RunJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RunJournal").field(&self.journal).finish()
    }
}
