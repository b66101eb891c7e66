//! The end of a grant before it expires.

use serde::{Deserialize, Serialize};

use mcp_connector_base::timestamp::Timestamp;

/// Why a grant ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndReason {
    /// The client asked for it (RFC 7009).
    Client,
    /// The person asked for it.
    Person,
    /// Its code was redeemed twice.
    CodeReplayed,
    /// A refresh token was used that two parties must hold.
    TokenReplayed,
    /// The person may no longer enter.
    CredentialsChanged,
    /// There were too many, and this one was idle longest.
    LimitReached,
    /// The owner of this server has ended the client for everybody.
    Owner,
}

/// When and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub at: Timestamp,
    pub reason: EndReason,
}
