//! The rows of one subject, as a store keeps them.

use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::timestamp::Timestamp;

use crate::grants::codes::authorization_code::CodeId;
use crate::grants::codes::pending_code::PendingCode;
use crate::grants::grant::Grant;

/// The rows of one subject. A row is kept with the moment at which it may be deleted.
pub trait GrantRows {
    /// What goes wrong in the store.
    type Error;

    /// Returns the code of that name.
    fn code(&self, id: CodeId) -> Result<Option<PendingCode>, Self::Error>;
    fn codes(&self) -> Result<Vec<PendingCode>, Self::Error>;
    /// Adds or replaces a code.
    fn put_code(&mut self, code: &PendingCode, forget_at: Timestamp) -> Result<(), Self::Error>;
    /// Returns the grant of that name.
    fn grant(&self, id: GrantId) -> Result<Option<Grant>, Self::Error>;
    fn grants(&self) -> Result<Vec<Grant>, Self::Error>;
    /// All grants whose rows can be read.
    fn readable_grants(&self) -> Result<Vec<Grant>, Self::Error> {
        self.grants()
    }
    /// Adds or replaces a grant.
    fn put_grant(&mut self, grant: &Grant, forget_at: Timestamp) -> Result<(), Self::Error>;
    /// Returns when the use of a grant was last entered in the directory.
    fn recorded_at(&self, grant: GrantId) -> Result<Option<Timestamp>, Self::Error>;
    /// Keeps that, as long as the grant is kept.
    fn put_recorded_at(&mut self, grant: GrantId, at: Timestamp) -> Result<(), Self::Error>;
    /// Returns when the person signed out everywhere last, if a sign-in from before could still be around.
    fn signed_out_at(&self) -> Result<Option<Timestamp>, Self::Error>;
    /// Keeps that.
    fn put_signed_out_at(&mut self, at: Timestamp, forget_at: Timestamp) -> Result<(), Self::Error>;
    /// Deletes every row whose `forget_at` is not after `now`, and gives the earliest of those that remain.
    fn forget(&mut self, now: Timestamp) -> Result<Option<Timestamp>, Self::Error>;
}
