//! The rules of `grants`, one test each.

mod access_keys;
mod access_rules;
mod assertions;
mod codes;
mod commands;
mod ends;
mod history;
mod identity;
mod refreshes;
mod sharing;

use proptest::prelude::*;

use crate::clients::client_hash::ClientHash;
use crate::crypto::credential_version::CredentialVersion;
use crate::crypto::opaque::Secret;
use crate::grants::account_overview::AccountOverview;
use crate::grants::authorization::Authorization;
use crate::grants::codes::authorization_code::{AuthorizationCode, CODE_LIFETIME};
use crate::grants::codes::pending_code::PendingCode;
use crate::grants::codes::redemption::{RedeemError, Redemption, RedemptionMismatch, StoreCodeError};
use crate::grants::commands::{
    AccountAction, CheckGrants, EndClientGrants, EndGrants, GrantsCommand, ListGrants, RevokeForClient, RevokeToken,
    StoreCode,
};
use crate::grants::ended::EndReason;
use crate::grants::grant::Grant;
use crate::grants::grant_store::GrantStore;
use crate::grants::limits::Limits;
use crate::grants::model_tests::{
    AWAY, DAY, HOME, START, VERSION, after, authorization, challenge, client, granted, issuer, object, policy, store,
    subject, waiting, waiting_for,
};
use crate::grants::refresh::request::{RefreshError, RefreshRequest, Refreshed, Renewal};
use crate::grants::refresh::rotation::Retry;
use crate::grants::revoked::Revoked;
use crate::grants::rows::GrantRows;
use crate::login::account_session::SESSION_LIFETIME;
use crate::login::admission::Admission;
use crate::resource::protected_resource::Resource;
use crate::testing::test_keys::TestRandom;
use crate::testing::test_rows::TestRows;
use crate::web::network::Network;
use crate::web::origin::Issuer;
use mcp_connector_base::identifier::{ClientId, GrantId};
use mcp_connector_base::row::Row as _;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

fn random() -> TestRandom {
    TestRandom::from(1)
}

/// A store with one grant, and the request that uses its first refresh token.
fn one() -> (GrantStore<TestRows>, RefreshRequest) {
    let mut store = store();
    let request = granted(&mut store, &random(), START);
    (store, request)
}

fn refresh(
    store: &mut GrantStore<TestRows>,
    request: &RefreshRequest,
    now: Timestamp,
) -> Result<Renewal, RefreshError> {
    store.refresh(request, now).unwrap().answer
}

fn grant(store: &GrantStore<TestRows>, id: GrantId) -> Grant {
    store.rows().grant(id).unwrap().unwrap()
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
