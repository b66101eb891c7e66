//! The line for an upstream account on the account page.

use serde::{Deserialize, Serialize};

use mcp_connector_base::timestamp::Timestamp;

use crate::upstream::connection::{ConnectionEnd, UpstreamConnection};
use crate::upstream::name::UpstreamName;

/// An upstream account, as the account page lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamSummary {
    pub upstream: UpstreamName,
    pub account: Option<String>,
    /// The scopes that the service has granted, separated by spaces.
    pub scope: Option<String>,
    pub connected_at: Timestamp,
    pub end: Option<ConnectionEnd>,
}

impl UpstreamSummary {
    pub(crate) fn of(upstream: UpstreamName, connection: UpstreamConnection) -> Self {
        let (scope, end) = match connection.tokens {
            Ok(tokens) => (tokens.scope, None),
            Err(end) => (None, Some(end)),
        };
        Self { upstream, account: connection.account, scope, connected_at: connection.connected_at, end }
    }
}
