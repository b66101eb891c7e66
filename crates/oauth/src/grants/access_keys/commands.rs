//! The commands about access keys to the Durable Object that stores the grants of one subject. A key is ended and checked by the
//! commands for grants, because its id is that of a grant.

use serde::{Deserialize, Serialize};

use mcp_connector_base::commands;
use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::profile::Profile;
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::opaque::Secret;
use crate::grants::access_keys::access_key::AccessKey;
use crate::grants::access_keys::key_store::StoreKeyError;
use crate::grants::access_keys::stored_key::StoredKey;
use crate::login::admission::AdmissionPolicy;

/// Stores a key that its person has just made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreAccessKey {
    /// When the person signed in.
    pub signed_in_at: Timestamp,
    pub key: StoredKey,
    /// Who may sign in, according to the current settings.
    pub policy: AdmissionPolicy,
}

/// Looks up a key that a client sent, and notes the day of its use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseAccessKey {
    pub id: GrantId,
    /// The hash of the secret that the client sent.
    pub digest: Secret,
    /// Who may sign in, according to the current settings.
    pub policy: AdmissionPolicy,
}

/// A valid key, and what is known of its person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedKey {
    pub key: StoredKey,
    /// What the identity provider last said.
    pub profile: Option<Profile>,
}

impl UseAccessKey {
    /// Asks about `key`.
    #[must_use]
    pub fn new(key: &AccessKey, policy: AdmissionPolicy) -> Self {
        Self { id: key.id(), digest: key.digest(), policy }
    }
}

commands! {
    // `None` if the person has signed out everywhere since this sign-in.
    StoreAccessKey => Option<Result<(), StoreKeyError>>;
    // `None` if there is no such key, or it is no longer valid.
    UseAccessKey => Option<UsedKey>;
}
