//! The end of a grant before it expires.

use serde::{Deserialize, Serialize};

use mcp_connector_base::timestamp::Timestamp;

/// Why a grant ended before it expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndReason {
    /// The client revoked it (RFC 7009).
    Client,
    /// The person ended it.
    Person,
    /// Its code was redeemed twice.
    CodeReplayed,
    /// A refresh token was used that two parties must have.
    TokenReplayed,
    /// The person may no longer sign in.
    CredentialsChanged,
    /// There were too many grants, and this one was idle longest.
    LimitReached,
    /// The owner of this server has ended the client for everybody.
    Owner,
}

/// The end of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub at: Timestamp,
    pub reason: EndReason,
}
