//! How much memory a text may take once it is read.

use std::cell::Cell;

/// How deep arrays and objects may nest. Real arguments stay below ten; the parser itself stops at 128.
pub(crate) const MAX_DEPTH: usize = 64;

/// How much memory the values of one text may take. They are counted while they are read, before they are built: `{"":0}`
/// takes seventy times as much memory as it has bytes.
///
/// What a value takes is an estimate for wasm32, with the room that growing collections leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryLimit(usize);

impl MemoryLimit {
    /// For what is short by its nature, such as one argument.
    pub const SMALL: Self = Self(64 * 1024);
    /// Sixteen times the text: what a list of small records takes.
    const FACTOR: usize = 16;
    /// The platform ends an isolate at 128 MB, and one request is not alone in it.
    const MOST: usize = 32 * 1024 * 1024;

    /// Returns the limit for a text of at most `bytes` bytes.
    pub const fn of_text(bytes: usize) -> Self {
        let limit = bytes.saturating_mul(Self::FACTOR);
        Self(if limit > Self::MOST { Self::MOST } else { limit })
    }
}

/// What is left of a limit.
pub(crate) struct Remaining(Cell<usize>);

/// The limit is reached.
#[derive(Debug)]
pub(crate) struct Exceeded;

/// A value in its place in a list. A list that grows doubles its room.
const ITEM: usize = 2 * 24;
/// The first item of a list makes room for four.
const FIRST_ITEMS: usize = 4 * 24 + 8;
/// A node of an object has room for eleven members, and holds five at least when there are more.
const NODE: usize = 11 * (12 + 24) + 16;
const MEMBERS_OF_NODE: usize = 5;
/// A text beside its bytes.
const TEXT: usize = 16;

impl Remaining {
    pub(crate) const fn of(MemoryLimit(limit): MemoryLimit) -> Self {
        Self(Cell::new(limit))
    }

    /// A text of `length` bytes.
    pub(crate) fn text(&self, length: usize) -> Result<(), Exceeded> {
        self.take(length + TEXT)
    }

    /// One more item of a list that has `items`.
    pub(crate) fn item(&self, items: usize) -> Result<(), Exceeded> {
        self.take(if items == 0 { FIRST_ITEMS } else { ITEM })
    }

    /// One more member, with a name of `length` bytes, of an object that has `members`.
    pub(crate) fn member(&self, members: usize, length: usize) -> Result<(), Exceeded> {
        if members.is_multiple_of(MEMBERS_OF_NODE) {
            self.take(NODE)?;
        }
        self.text(length)
    }

    fn take(&self, bytes: usize) -> Result<(), Exceeded> {
        self.0.set(self.0.get().checked_sub(bytes).ok_or(Exceeded)?);
        Ok(())
    }
}
