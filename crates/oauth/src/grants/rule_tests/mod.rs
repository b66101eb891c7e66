//! The rules of `grants`, one test each.

pub mod codes;
pub mod ends;
pub mod messages;
pub mod refreshes;
pub mod sharing;

use proptest::prelude::*;

use crate::clients::client_record::ClientHash;
use crate::crypto::keys::tests::Counting;
use crate::crypto::opaque::Secret;
use crate::grants::authorization_code::{AuthorizationCode, CODE_LIFETIME};
use crate::grants::memory_rows::Memory;
use crate::grants::model_tests::{
    AWAY, DAY, EPOCH, HOME, START, after, authorization, challenge, client, granted, issuer, ledger, object, policy,
    waiting, waiting_for,
};
use crate::grants::*;
use crate::login::account_session::SESSION_LIFETIME;
use crate::login::admission::Admission;
use crate::login::passphrase::CredentialVersion;
use crate::resource::protected_resource::Resource;
use crate::web::network::Network;
use crate::web::origin::Issuer;
use mcp_connector_base::codec::{Unreadable, decode, encode};
use mcp_connector_base::identifier::{ClientId, GrantId};
use mcp_connector_base::row::Row as _;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

fn random() -> Counting {
    Counting::from(1)
}

/// A ledger with one grant, and the request that uses its first refresh token.
fn one() -> (GrantStore<Memory>, Refresh) {
    let mut ledger = ledger();
    let request = granted(&mut ledger, &random(), START);
    (ledger, request)
}

fn refresh(ledger: &mut GrantStore<Memory>, request: &Refresh, now: Timestamp) -> Result<Renewal, RefreshRefusal> {
    ledger.refresh(request, now).unwrap().answer
}

fn grant(ledger: &GrantStore<Memory>, id: GrantId) -> Grant {
    ledger.rows().grant(id).unwrap().unwrap()
}

fn scope(text: &str) -> ScopeSet {
    ScopeSet::parse(text).unwrap()
}

/// Another name of the same server.
fn other_name() -> Issuer {
    Issuer::parse("https://other.example").unwrap()
}

fn private() -> Resource {
    Resource::parse("https://host.example/private/mcp").unwrap()
}
