//! The line for an access key on the account page.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

use crate::grants::access_keys::new_access_key::KeyName;
use crate::grants::access_keys::stored_key::StoredKey;
use crate::login::admission::AdmissionPolicy;
use crate::resource::protected_resource::Resource;

/// A key, as the account page lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessKeySummary {
    pub id: GrantId,
    pub name: KeyName,
    pub resource: Resource,
    pub scope: ScopeSet,
    pub created_at: Timestamp,
    pub expires: Timestamp,
    /// The first second of the day (UTC) of its last use, or `None` if it was never used.
    pub used_on: Option<Timestamp>,
}

impl AccessKeySummary {
    pub(crate) fn of(key: &StoredKey, policy: &AdmissionPolicy) -> Self {
        Self {
            id: key.id(),
            name: key.name().clone(),
            resource: key.resource().clone(),
            scope: key.scope().clone(),
            created_at: key.created_at(),
            expires: key.ends_at(policy),
            used_on: key.used_on(),
        }
    }
}
