//! A question to the client of a call.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::types::client_capabilities::ClientCapability;

/// A request to the client, without an id.
pub(crate) struct Question {
    pub(crate) method: &'static str,
    pub(crate) params: Value,
    /// The capability that the client must have declared.
    pub(crate) needs: ClientCapability,
}

impl Serialize for Question {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("method", self.method)?;
        map.serialize_entry("params", &self.params)?;
        map.end()
    }
}
