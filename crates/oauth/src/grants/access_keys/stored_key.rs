//! The row of an access key.

use serde::{Deserialize, Serialize};

use std::sync::Arc;

use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::{ClientId, GrantId, InvalidIdentifier, Subject};
use mcp_connector_base::row::Row;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::opaque::{ObjectName, Secret};
use crate::grants::access_keys::access_key::AccessKey;
use crate::grants::access_keys::new_access_key::{KeyName, NewAccessKey};
use crate::login::admission::{Admission, AdmissionPolicy};
use crate::login::person::Person;
use crate::resource::access_token::VerifiedToken;
use crate::resource::protected_resource::Resource;

const DAY: u64 = 24 * 3600;

/// A key as its object stores it: everything but its secret, of which it has a hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredKey {
    id: GrantId,
    digest: Secret,
    name: KeyName,
    subject: Subject,
    display_name: Option<String>,
    resource: Resource,
    scope: ScopeSet,
    /// What admitted the person who made it. The key ends when that no longer admits them.
    admission: Admission,
    created_at: Timestamp,
    expires: Timestamp,
    /// The first second of the day (UTC) of its last use.
    used_on: Option<Timestamp>,
}

impl Row for StoredKey {
    const VERSION: u8 = 1;
}

impl StoredKey {
    /// Returns the row of a key that `person` makes.
    #[must_use]
    pub fn new(key: &AccessKey, wanted: NewAccessKey, person: &Person, now: Timestamp) -> Self {
        Self {
            id: key.id(),
            digest: key.digest(),
            name: wanted.name,
            subject: person.subject.clone(),
            display_name: person.truncated_name(),
            resource: wanted.resource,
            scope: wanted.scope,
            admission: person.admission.clone(),
            created_at: now,
            expires: now.plus(wanted.lifetime.seconds()),
            used_on: None,
        }
    }

    #[must_use]
    pub const fn id(&self) -> GrantId {
        self.id
    }

    #[must_use]
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.display_name.as_deref()
    }

    #[must_use]
    pub const fn resource(&self) -> &Resource {
        &self.resource
    }

    #[must_use]
    pub const fn scope(&self) -> &ScopeSet {
        &self.scope
    }

    #[must_use]
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Returns the first second of the day of its last use.
    #[must_use]
    pub const fn used_on(&self) -> Option<Timestamp> {
        self.used_on
    }

    /// Returns who calls with the key, as if it were an access token. The id of the key takes the place of a client and of a grant.
    ///
    /// # Errors
    ///
    /// Never: `key:` and an id are a client id.
    pub fn verified(&self) -> Result<VerifiedToken, InvalidIdentifier> {
        let client_id = ClientId::new(&format!("key:{}", self.id))?;
        let caller = Caller {
            display_name: self.display_name.as_deref().map(Arc::from),
            grant: Some(self.id),
            ..Caller::new(self.subject.clone(), client_id, self.scope.clone())
        };
        Ok(VerifiedToken::new(caller, self.expires, &self.id.to_string()))
    }

    /// Returns the object that stores it.
    #[must_use]
    pub fn object(&self) -> ObjectName {
        ObjectName::of(&self.subject)
    }

    /// Returns whether this is the hash of its secret. Compares in constant time.
    #[must_use]
    pub fn has_digest(&self, digest: &Secret) -> bool {
        self.digest == *digest
    }

    /// Returns when the key is no longer valid by the current settings.
    #[must_use]
    pub fn ends_at(&self, policy: &AdmissionPolicy) -> Timestamp {
        policy.rules().keys.end_of(self.created_at, self.expires)
    }

    /// Returns whether the key has not ended, and its person may still sign in.
    #[must_use]
    pub fn is_valid(&self, policy: &AdmissionPolicy, now: Timestamp) -> bool {
        now < self.ends_at(policy) && policy.admits(&self.subject, &self.admission)
    }

    /// Returns the row after a use, or `None` if a use of that day is known.
    #[must_use]
    pub fn used(&self, now: Timestamp) -> Option<Self> {
        let today = Timestamp::from_seconds(now.as_seconds() / DAY * DAY);
        (self.used_on < Some(today)).then(|| Self { used_on: Some(today), ..self.clone() })
    }
}
