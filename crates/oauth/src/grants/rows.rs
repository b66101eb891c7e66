//! The rows of one subject, as a trait that the store implements.

use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::timestamp::Timestamp;

use crate::external_issuer::assertion_id::AssertionId;
use crate::grants::access_keys::stored_key::StoredKey;
use crate::grants::assertions::ends::AssertionEnds;
use crate::grants::assertions::used::UsedAssertion;
use crate::grants::codes::authorization_code::CodeId;
use crate::grants::codes::pending_code::PendingCode;
use crate::grants::grant::Grant;
use crate::grants::history::record::AccessRecord;
use crate::grants::identity::stored_identity::StoredIdentity;
use crate::login::passkeys::registered_passkeys::Passkeys;
use crate::login::remembered::remembered_browsers::RememberedBrowsers;
use crate::upstream::connection::UpstreamConnection;
use crate::upstream::name::UpstreamName;

/// The rows of one subject. Each is stored with the time from which on it may be deleted.
///
/// # Errors
///
/// Every method fails if the store does. One that returns rows also fails if a row cannot be read, for example
/// because a later version has written it, unless its documentation says that such a row is left out or counts as none.
#[expect(clippy::missing_errors_doc, reason = "the trait says when its methods fail")]
pub trait GrantRows {
    /// The error of the store.
    type Error;

    /// Returns the code with this id.
    fn code(&self, id: CodeId) -> Result<Option<PendingCode>, Self::Error>;
    /// Returns all codes.
    fn codes(&self) -> Result<Vec<PendingCode>, Self::Error>;
    /// Returns every code that waits to be redeemed at `now`, and perhaps some that were redeemed.
    fn codes_that_may_wait(&self, now: Timestamp) -> Result<Vec<PendingCode>, Self::Error>;
    /// Adds or replaces a code.
    fn put_code(&mut self, code: &PendingCode, forget_at: Timestamp) -> Result<(), Self::Error>;
    /// Returns the grant with this id.
    fn grant(&self, id: GrantId) -> Result<Option<Grant>, Self::Error>;
    /// Returns all grants.
    fn grants(&self) -> Result<Vec<Grant>, Self::Error>;
    /// Returns how many grants there are, with those that have ended or expired.
    fn number_of_grants(&self) -> Result<usize, Self::Error>;
    /// Returns all grants whose rows can be read.
    fn readable_grants(&self) -> Result<Vec<Grant>, Self::Error> {
        self.grants()
    }
    /// Adds or replaces a grant.
    fn put_grant(&mut self, grant: &Grant, forget_at: Timestamp) -> Result<(), Self::Error>;
    /// Returns the access key with this id.
    fn access_key(&self, id: GrantId) -> Result<Option<StoredKey>, Self::Error>;
    /// Returns all access keys.
    fn access_keys(&self) -> Result<Vec<StoredKey>, Self::Error>;
    /// Returns the access key with this id, if its row can be read.
    fn readable_access_key(&self, id: GrantId) -> Result<Option<StoredKey>, Self::Error> {
        self.access_key(id)
    }
    /// Returns the ids of all access keys, also of those whose rows cannot be read.
    fn access_key_ids(&self) -> Result<Vec<GrantId>, Self::Error>;
    /// Adds or replaces an access key.
    fn put_access_key(&mut self, key: &StoredKey, forget_at: Timestamp) -> Result<(), Self::Error>;
    /// Deletes an access key.
    fn delete_access_key(&mut self, id: GrantId) -> Result<(), Self::Error>;
    /// Returns what the identity provider last said about the person. A row that cannot be read counts as none.
    fn identity(&self) -> Result<Option<StoredIdentity>, Self::Error>;
    /// Stores it, as long as a code or a grant is stored.
    fn put_identity(&mut self, identity: &StoredIdentity) -> Result<(), Self::Error>;
    /// Returns when the use of a grant was last recorded in the directory.
    fn recorded_at(&self, grant: GrantId) -> Result<Option<Timestamp>, Self::Error>;
    /// Stores when the use of a grant was recorded, as long as the grant is stored.
    fn put_recorded_at(&mut self, grant: GrantId, at: Timestamp) -> Result<(), Self::Error>;
    /// Returns when the person last signed out everywhere, as long as an earlier sign-in could still be valid.
    fn signed_out_at(&self) -> Result<Option<Timestamp>, Self::Error>;
    /// Stores when the person signed out everywhere.
    fn put_signed_out_at(&mut self, at: Timestamp, forget_at: Timestamp) -> Result<(), Self::Error>;
    /// Returns the remembered browsers, or `None` if there is no row that can be read: then no browser is remembered.
    fn remembered(&self) -> Result<Option<RememberedBrowsers>, Self::Error>;
    /// Stores the remembered browsers.
    fn put_remembered(&mut self, row: &RememberedBrowsers, forget_at: Timestamp) -> Result<(), Self::Error>;
    /// Returns the passkeys, or `None` if there is no row that can be read: then there are none.
    fn passkeys(&self) -> Result<Option<Passkeys>, Self::Error>;
    /// Stores the passkeys.
    fn put_passkeys(&mut self, row: &Passkeys, forget_at: Timestamp) -> Result<(), Self::Error>;
    /// Returns the connection to an upstream service. A row that cannot be read counts as none: the person connects again.
    fn upstream(&self, name: &UpstreamName) -> Result<Option<UpstreamConnection>, Self::Error>;
    /// Returns the connections whose rows can be read, by the names of their services.
    fn upstreams(&self) -> Result<Vec<(UpstreamName, UpstreamConnection)>, Self::Error>;
    /// Stores a connection until [`UpstreamConnection::forget_at`].
    fn put_upstream(&mut self, name: &UpstreamName, row: &UpstreamConnection) -> Result<(), Self::Error>;
    /// Deletes a connection.
    fn delete_upstream(&mut self, name: &UpstreamName) -> Result<(), Self::Error>;
    /// Deletes all connections, also those whose rows cannot be read.
    fn delete_all_upstreams(&mut self) -> Result<(), Self::Error>;
    /// Returns the use of an assertion.
    ///
    /// # Errors
    ///
    /// Also fails if the row cannot be read, because an assertion is used once.
    fn used_assertion(&self, id: &AssertionId) -> Result<Option<UsedAssertion>, Self::Error>;
    /// Returns the number of used assertions whose rows may not be deleted yet.
    fn count_assertions(&self, now: Timestamp) -> Result<usize, Self::Error>;
    /// Stores the use of an assertion.
    ///
    /// # Errors
    ///
    /// May also fail if the use of the assertion is stored already.
    fn put_assertion(
        &mut self,
        id: &AssertionId,
        used: &UsedAssertion,
        forget_at: Timestamp,
    ) -> Result<(), Self::Error>;
    /// Returns what the owner has ended of the person.
    ///
    /// # Errors
    ///
    /// Also fails if the row cannot be read, because an end never lapses.
    fn assertion_ends(&self) -> Result<Option<AssertionEnds>, Self::Error>;
    /// Stores what the owner has ended of the person.
    fn put_assertion_ends(&mut self, row: &AssertionEnds, forget_at: Timestamp) -> Result<(), Self::Error>;
    /// Returns the grants whose rows may be deleted, and can be read.
    fn grants_to_forget(&self, now: Timestamp) -> Result<Vec<Grant>, Self::Error>;
    /// Returns the access keys whose rows may be deleted, and can be read.
    fn access_keys_to_forget(&self, now: Timestamp) -> Result<Vec<StoredKey>, Self::Error>;
    /// Returns the accesses that have ended and are remembered, as far as their rows can be read.
    fn past_accesses(&self) -> Result<Vec<AccessRecord>, Self::Error>;
    /// Stores an access that has ended. Of more than `most`, those that are deleted first make room.
    fn put_past_access(&mut self, record: &AccessRecord, forget_at: Timestamp, most: usize) -> Result<(), Self::Error>;
    /// Deletes every row whose `forget_at` is not after `now`. Returns the earliest `forget_at` of the others.
    fn forget(&mut self, now: Timestamp) -> Result<Option<Timestamp>, Self::Error>;
}
