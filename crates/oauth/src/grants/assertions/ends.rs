//! What the owner of this server has ended of a person whom trusted issuers admit. An issuer would admit them again with its next
//! assertion, which nobody sees. So an end is stored until the owner takes it back. It never lapses by itself.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::ClientId;
use mcp_connector_base::row::Row;
use mcp_connector_base::timestamp::Timestamp;

use crate::clients::client_hash::ClientHash;

/// Maximum number of clients that are ended one by one. After that, the person is ended.
const MAX_CLIENTS: usize = 256;

/// The ends of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssertionEnds {
    /// When the owner ended everything of the person.
    pub person: Option<Timestamp>,
    /// The clients that the owner ended for this person, and when.
    pub clients: Vec<(ClientHash, Timestamp)>,
}

impl Row for AssertionEnds {
    const VERSION: u8 = 1;
}

impl AssertionEnds {
    /// Returns whether assertions no longer admit this client for the person.
    #[must_use]
    pub fn includes(&self, client: &ClientId) -> bool {
        let client = ClientHash::of(client);
        self.person.is_some() || self.clients.iter().any(|(ended, _)| *ended == client)
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.person.is_none() && self.clients.is_empty()
    }

    /// Returns the ends with that of the person.
    #[must_use]
    pub fn with_person(self, now: Timestamp) -> Self {
        Self { person: self.person.or(Some(now)), ..self }
    }

    /// Returns the ends with that of a client.
    #[must_use]
    pub fn with_client(mut self, client: &ClientId, now: Timestamp) -> Self {
        let client = ClientHash::of(client);
        if self.clients.iter().any(|(ended, _)| *ended == client) {
            return self;
        }
        if self.clients.len() >= MAX_CLIENTS {
            return self.with_person(now);
        }
        self.clients.push((client, now));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn id(text: &str) -> ClientId {
        ClientId::new(text).unwrap()
    }

    #[test]
    fn an_end_of_a_client_spares_the_others_and_one_of_the_person_spares_none() {
        let ends = AssertionEnds::default().with_client(&id("a"), NOW);
        assert!(ends.includes(&id("a")) && !ends.includes(&id("b")) && !ends.is_empty());
        assert_eq!(ends.clone().with_client(&id("a"), NOW.plus(9)), ends, "the first time stays");
        let ends = ends.with_person(NOW.plus(5));
        assert!(ends.includes(&id("b")));
        assert_eq!(ends.clone().with_person(NOW.plus(9)), ends);
    }

    #[test]
    fn an_end_for_which_there_is_no_room_ends_the_person() {
        let ends =
            (0..MAX_CLIENTS).fold(AssertionEnds::default(), |ends, n| ends.with_client(&id(&n.to_string()), NOW));
        assert!(!ends.includes(&id("one more")));
        assert!(ends.with_client(&id("one more"), NOW).includes(&id("one more")));
    }
}
