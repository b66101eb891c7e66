//! How many more grants a subject may have, so that a sign-in does not read all of them to find that there is room.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use mcp_connector_base::identifier::ClientId;

use crate::grants::grant::Grant;
use crate::grants::limits::Limits;

/// How many grants may be added before anybody looks at the limits again, whichever clients they are for.
///
/// The stores of one subject share it, as long as nobody else adds grants. It may be less than there is, because grants also end, and
/// what a transaction takes that fails is lost.
#[derive(Clone, Debug, Default)]
pub struct Room(Rc<Cell<usize>>);

impl Room {
    /// Takes the room of one grant. Returns whether there was any.
    pub(in crate::grants) fn take_one(&self) -> bool {
        let left = self.0.get().checked_sub(1);
        left.inspect(|left| self.0.set(*left)).is_some()
    }

    /// Notes how much room there is.
    pub(in crate::grants) fn set(&self, room: usize) {
        self.0.set(room);
    }
}

/// Returns how many grants may be added to these and a new one for `client`.
pub(in crate::grants) fn room_beside(live: &[Grant], client: &ClientId, limits: &Limits) -> usize {
    let mut of_client: HashMap<&ClientId, usize> = HashMap::from([(client, 1)]);
    for grant in live {
        *of_client.entry(&grant.authorization().client_id).or_default() += 1;
    }
    let most = of_client.into_values().max().unwrap_or_default();
    limits.grants_per_client.saturating_sub(most).min(limits.grants.saturating_sub(live.len() + 1))
}
