//! The commands about upstream accounts to the Durable Object that stores the grants of one subject.

use serde::{Deserialize, Serialize};

use mcp_connector_base::commands;
use mcp_connector_base::identifier::Subject;
use mcp_connector_base::random::Random;
use mcp_connector_base::timestamp::Timestamp;

use crate::grants::commands::{GrantsCommand, carried_out};
use crate::grants::grant_store::GrantStore;
use crate::grants::rows::GrantRows;
use crate::upstream::connection::{ConnectedUpstream, ConnectionEnd, StoredToken, UpstreamConnection};
use crate::upstream::name::UpstreamName;

/// Asks for the access token of an upstream account. The object refreshes it before it ends, and waits for the person to connect as
/// long as `wait_seconds` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetUpstreamToken {
    pub subject: Subject,
    pub upstream: UpstreamName,
    /// The generation of a token that the service has refused just now.
    pub refused: Option<u64>,
    pub wait_seconds: u32,
}

/// The answer to [`GetUpstreamToken`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpstreamTokenAnswer {
    Token(StoredToken),
    /// The person has to connect, and why, if they were connected.
    Connect(Option<ConnectionEnd>),
    /// The token has ended, and the service does not answer. The connection stays.
    Outage,
}

/// Stores an upstream account that the person has just connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectUpstream {
    /// When the person signed in.
    pub signed_in_at: Timestamp,
    pub connected: ConnectedUpstream,
}

/// Ends the connection of an upstream account for its person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisconnectUpstream {
    /// When the person signed in.
    pub signed_in_at: Timestamp,
    pub upstream: UpstreamName,
}

commands! {
    GetUpstreamToken => UpstreamTokenAnswer;
    // Both: `None` if the person has signed out everywhere since this sign-in.
    ConnectUpstream => Option<()>;
    DisconnectUpstream => Option<Option<UpstreamConnection>>;
}

carried_out! {
    ConnectUpstream: |command, store, now, _| {
        if store.has_signed_out_since(command.signed_in_at)? {
            return Ok(None);
        }
        store.connect_upstream(command.connected, now).map(Some)
    };
    DisconnectUpstream: |command, store, _now, _| {
        if store.has_signed_out_since(command.signed_in_at)? {
            return Ok(None);
        }
        store.disconnect_upstream(&command.upstream).map(Some)
    };
}
