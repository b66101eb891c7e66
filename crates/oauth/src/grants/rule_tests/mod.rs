//! The rules of `grants`, one test each.

mod codes;
mod commands;
mod ends;
mod refreshes;
mod sharing;

use proptest::prelude::*;

use crate::clients::client_hash::ClientHash;
use crate::crypto::credential_version::CredentialVersion;
use crate::crypto::opaque::Secret;
use crate::grants::authorization::Authorization;
use crate::grants::codes::authorization_code::{AuthorizationCode, CODE_LIFETIME};
use crate::grants::codes::pending_code::PendingCode;
use crate::grants::codes::redemption::{CodeRefusal, Mismatch, RedeemRefusal, Redemption};
use crate::grants::commands::{
    AccountAction, CheckGrants, EndClientGrants, EndGrants, GrantsCommand, ListGrants, RevokeForClient, RevokeToken,
    StoreCode,
};
use crate::grants::ended::EndReason;
use crate::grants::grant::Grant;
use crate::grants::grant_store::GrantStore;
use crate::grants::limits::Limits;
use crate::grants::model_tests::{
    AWAY, DAY, EPOCH, HOME, START, after, authorization, challenge, client, granted, issuer, ledger, object, policy,
    waiting, waiting_for,
};
use crate::grants::refresh::request::{Refresh, RefreshRefusal, Refreshed, Renewal};
use crate::grants::refresh::rotation::Retry;
use crate::grants::revoked::Revoked;
use crate::grants::rows::Rows;
use crate::login::account_session::SESSION_LIFETIME;
use crate::login::admission::Admission;
use crate::resource::protected_resource::Resource;
use crate::testing::test_keys::TestRandom;
use crate::testing::test_rows::Memory;
use crate::web::network::Network;
use crate::web::origin::Issuer;
use mcp_connector_base::identifier::{ClientId, GrantId};
use mcp_connector_base::row::Row as _;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

fn random() -> TestRandom {
    TestRandom::from(1)
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
