//! The rules of `grants`, one test each.

mod codes;
mod ends;
mod messages;
mod refreshes;
mod sharing;

use proptest::prelude::*;

use super::histories::{
    AWAY, DAY, EPOCH, HOME, START, after, authorization, challenge, client, granted, issuer, ledger, object, policy,
    waiting, waiting_for,
};
use super::memory::Memory;
use super::*;
use crate::caller::{ClientId, GrantId, ScopeSet};
use crate::oauth::Timestamp;
use crate::oauth::account::SESSION_LIFETIME;
use crate::oauth::admission::Admission;
use crate::oauth::client_record::ClientHash;
use crate::oauth::code::{AuthorizationCode, CODE_LIFETIME};
use crate::oauth::compact::{Unreadable, decode, encode};
use crate::oauth::keys::tests::Counting;
use crate::oauth::network::Network;
use crate::oauth::opaque::Secret;
use crate::oauth::origin::Issuer;
use crate::oauth::passphrase::Epoch;
use crate::oauth::resource::Resource;
use crate::oauth::row::Row as _;

fn random() -> Counting {
    Counting::from(1)
}

/// A ledger with one grant, and the request that uses its first refresh token.
fn one() -> (Ledger<Memory>, Refresh) {
    let mut ledger = ledger();
    let request = granted(&mut ledger, &random(), START);
    (ledger, request)
}

fn refresh(ledger: &mut Ledger<Memory>, request: &Refresh, now: Timestamp) -> Result<Renewal, RefreshRefusal> {
    ledger.refresh(request, now).unwrap().answer
}

fn grant(ledger: &Ledger<Memory>, id: GrantId) -> Grant {
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
