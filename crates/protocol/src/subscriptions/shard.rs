//! The objects that share the open streams, and the order in which a person's streams fill them.
//!
//! The shards are a binary tree. Streams go to the root as long as it has room, so a connector with few of them needs one object. After
//! that a person's streams go down the tree, left or right by one bit of a hash of the subject at each level, to the first shard that
//! has room. So no object has to know how many others there are, and the streams of a person are in one of a few shards that follow
//! from the subject alone.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::Subject;

/// One of the objects that share the open streams.
///
/// The root is number 1. The children of number `n` are `2n` and `2n + 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Shard(u8);

/// The number is that of no shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no shard of this number")]
pub struct NoSuchShard;

impl Shard {
    /// The shard where every stream begins to look for room. It knows which others are in use.
    pub const ROOT: Self = Self(1);

    /// The largest number: six levels, of 1, 2, 4, 8, 16 and 32 shards.
    const LAST: u8 = 63;

    /// Returns whether it is the root.
    #[must_use]
    pub fn is_root(self) -> bool {
        self == Self::ROOT
    }

    /// Returns the number of the shard.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Returns the shard where a stream of `subject` looks for room after this one.
    #[must_use]
    pub fn next(self, subject: &Subject) -> Option<Self> {
        // The level of a shard is the number of bits of its number, without the first.
        let level = self.0.ilog2();
        let bit = u8::from(hash(subject) >> level & 1 == 1);
        let next = self.0.checked_mul(2)?.checked_add(bit)?;
        (next <= Self::LAST).then_some(Self(next))
    }

    /// Returns whether streams of `subject` may be in the shard.
    #[must_use]
    pub fn may_hold(self, subject: &Subject) -> bool {
        let mut path = std::iter::successors(Some(Self::ROOT), |shard| shard.next(subject));
        path.any(|shard| shard == self)
    }
}

impl TryFrom<u8> for Shard {
    type Error = NoSuchShard;

    fn try_from(number: u8) -> Result<Self, NoSuchShard> {
        if (Self::ROOT.0..=Self::LAST).contains(&number) { Ok(Self(number)) } else { Err(NoSuchShard) }
    }
}

impl From<Shard> for u8 {
    fn from(shard: Shard) -> Self {
        shard.0
    }
}

/// Returns the FNV-1a hash of a subject. It spreads people over shards; nobody gains anything from a collision. It does not change with
/// the version of the compiler, as that of the standard library may, so objects of two builds agree on it.
fn hash(subject: &Subject) -> u64 {
    let hash = subject
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    // The lowest bits of FNV depend on the lowest bits of each byte alone.
    hash ^ hash >> 32
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn subject(name: impl AsRef<str>) -> Subject {
        Subject::new(name.as_ref()).unwrap()
    }

    fn path(subject: &Subject) -> Vec<u8> {
        let path = std::iter::successors(Some(Shard::ROOT), |shard| shard.next(subject));
        path.map(Shard::number).collect()
    }

    #[test]
    fn a_persons_streams_look_for_room_from_the_root_down_one_branch() {
        for name in ["alice", "bob", "owner"] {
            let path = path(&subject(name));
            assert_eq!((path.len(), path[0]), (6, 1), "{name}: {path:?}");
            assert!(path.windows(2).all(|pair| pair[1] / 2 == pair[0]), "{name}: {path:?}");
        }
    }

    #[test]
    fn a_persons_path_is_the_same_in_every_build() {
        assert_eq!(path(&subject("alice")), [1, 2, 4, 9, 19, 39]);
        assert_eq!(path(&subject("owner")), [1, 2, 5, 11, 23, 46]);
    }

    #[test]
    fn only_the_shards_of_a_persons_path_may_hold_their_streams() {
        for name in (0..100).map(|n| format!("person {n}")) {
            let subject = subject(name);
            let path = path(&subject);
            let all = (1..=Shard::LAST).map(|number| Shard::try_from(number).unwrap());
            let holding: Vec<u8> = all.filter(|shard| shard.may_hold(&subject)).map(Shard::number).collect();
            assert_eq!(holding, path);
        }
    }

    #[test]
    fn every_shard_of_a_level_gets_its_share_of_the_people() {
        let mut people: BTreeMap<u8, u32> = BTreeMap::new();
        for number in 0..32_000 {
            let last = *path(&subject(format!("{number:08x}@example.com"))).last().unwrap();
            *people.entry(last).or_default() += 1;
        }
        assert_eq!(people.len(), 32);
        assert!(people.values().all(|count| (800..1200).contains(count)), "{people:?}");
    }

    #[test]
    fn a_number_that_no_shard_has_is_refused() {
        for number in [0, Shard::LAST + 1, u8::MAX] {
            assert_eq!(Shard::try_from(number), Err(NoSuchShard));
        }
    }
}
