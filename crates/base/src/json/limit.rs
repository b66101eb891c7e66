//! Limits on the depth of a JSON text, and on the memory that its values take.

use std::cell::Cell;

/// Maximum depth of arrays and objects. Real arguments stay below ten; the parser itself stops at 128.
pub(crate) const MAX_DEPTH: usize = 64;

/// The memory that the values of one text may take. It is counted while they are read, before they are built: `{"":0}` takes
/// seventy times its length.
///
/// The memory of a value is an estimate for wasm32, with the unused capacity of growing collections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryLimit(usize);

impl MemoryLimit {
    /// The limit for a short text, such as one argument.
    pub const SMALL: Self = Self(64 * 1024);
    /// The limit is this many times the length of the text. A list of small records takes that much.
    const FACTOR: usize = 16;
    /// Maximum of all limits, in bytes. The platform ends an isolate at 128 MB, and an isolate handles several requests.
    const MOST: usize = 32 * 1024 * 1024;

    /// Returns the limit for a text of at most `bytes` bytes.
    #[must_use]
    pub const fn of_text(bytes: usize) -> Self {
        let limit = bytes.saturating_mul(Self::FACTOR);
        Self(if limit > Self::MOST { Self::MOST } else { limit })
    }
}

/// The rest of a limit.
pub(crate) struct Remaining(Cell<usize>);

/// The limit is exceeded.
#[derive(Debug)]
pub(crate) struct Exceeded;

/// An item in a list, in bytes. A list doubles its capacity when it grows.
const ITEM: usize = 2 * 24;
/// The first item of a list, in bytes. It allocates room for four.
const FIRST_ITEMS: usize = 4 * 24 + 8;
/// A node of an object, in bytes. It has room for eleven members, and at least five if there are several nodes.
const NODE: usize = 11 * (12 + 24) + 16;
const MEMBERS_OF_NODE: usize = 5;
/// A string without its content, in bytes.
const TEXT: usize = 16;

impl Remaining {
    pub(crate) const fn of(MemoryLimit(limit): MemoryLimit) -> Self {
        Self(Cell::new(limit))
    }

    /// Counts a string of `length` bytes.
    pub(crate) fn text(&self, length: usize) -> Result<(), Exceeded> {
        self.take(length + TEXT)
    }

    /// Counts one more item of a list that has `items`.
    pub(crate) fn item(&self, items: usize) -> Result<(), Exceeded> {
        self.take(if items == 0 { FIRST_ITEMS } else { ITEM })
    }

    /// Counts one more member, with a name of `length` bytes, of an object that has `members`.
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
