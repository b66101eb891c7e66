//! The rules of stored upstream accounts, one test each.

use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::at_rest::EncryptedSecret;
use crate::grants::commands::{AccountAction, EndForOwner, EndGrants, GrantsCommand, ListGrants, OwnerAction};
use crate::grants::grant_store::GrantStore;
use crate::grants::limits::Limits;
use crate::grants::model_tests::{START, VERSION, policy, subject};
use crate::grants::rows::GrantRows as _;
use crate::login::admission::AdmissionPolicy;
use crate::testing::test_keys::{TestRandom, ring};
use crate::testing::test_rows::TestRows;
use crate::upstream::commands::{ConnectUpstream, DisconnectUpstream};
use crate::upstream::connection::{ConnectedUpstream, ConnectionEnd, Refresh, TokenSet, TokenStep};
use crate::upstream::name::UpstreamName;
use crate::upstream::store::UpstreamRefreshOutcome;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

fn store() -> GrantStore<TestRows> {
    GrantStore::new(TestRows::default(), Limits::default())
}

fn github() -> UpstreamName {
    UpstreamName::parse("github").unwrap()
}

fn secret(text: &str) -> EncryptedSecret {
    EncryptedSecret::new(text, b"jane", ring(1).storage(), &TestRandom::from(1)).unwrap()
}

fn tokens(access: &str, refresh: Refresh, expires_in: Option<u64>, now: Timestamp) -> TokenSet {
    TokenSet::new(secret(access), refresh, expires_in, Some("repo".to_owned()), now)
}

fn rotating(number: u32, now: Timestamp) -> TokenSet {
    tokens(&format!("at{number}"), Refresh::Token(secret(&format!("rt{number}"))), Some(HOUR), now)
}

fn connect(store: &mut GrantStore<TestRows>, tokens: TokenSet, now: Timestamp) {
    let connected = ConnectedUpstream { upstream: github(), tokens, account: Some("octocat".to_owned()) };
    store.connect_upstream(connected, now).unwrap();
}

fn step(store: &mut GrantStore<TestRows>, refused: Option<u64>, now: Timestamp) -> TokenStep {
    store.upstream_token(&github(), refused, now).unwrap()
}

/// The text and the generation of the token that a call uses.
fn used(store: &mut GrantStore<TestRows>, now: Timestamp) -> (String, u64) {
    match step(store, None, now) {
        TokenStep::Use(token) => (token.access_token.decrypt(b"jane", ring(1).storage()).unwrap(), token.generation),
        step @ (TokenStep::Refresh { .. } | TokenStep::Connect(_)) => panic!("{step:?}"),
    }
}

fn due(store: &mut GrantStore<TestRows>, refused: Option<u64>, now: Timestamp) -> (u64, bool) {
    match step(store, refused, now) {
        TokenStep::Refresh { generation, usable, .. } => (generation, usable.is_some()),
        step @ (TokenStep::Use(_) | TokenStep::Connect(_)) => panic!("{step:?}"),
    }
}

#[test]
fn a_token_is_used_until_a_minute_before_its_end_and_then_refreshed() {
    let mut store = store();
    connect(&mut store, rotating(1, START), START);
    assert_eq!(used(&mut store, START).0, "at1");
    assert_eq!(used(&mut store, START.plus(HOUR - 61)).0, "at1");
    let (generation, is_usable) = due(&mut store, None, START.plus(HOUR - 60));
    assert!(is_usable, "it has a minute left");
    assert!(!due(&mut store, None, START.plus(HOUR)).1, "it has ended");
    let now = START.plus(HOUR);
    let outcome = UpstreamRefreshOutcome::Refreshed(rotating(2, now));
    store.take_upstream_refresh(&github(), generation, outcome, now).unwrap();
    let (text, next) = used(&mut store, now);
    assert_eq!(text, "at2");
    assert!(next > generation);
}

#[test]
fn a_token_that_lives_shortly_is_refreshed_when_a_quarter_is_left() {
    let mut store = store();
    connect(&mut store, tokens("at", Refresh::Token(secret("rt")), Some(8), START), START);
    assert_eq!(used(&mut store, START.plus(5)).0, "at");
    assert!(due(&mut store, None, START.plus(6)).1);
}

#[test]
fn an_outage_of_the_service_costs_no_connection_and_the_same_refresh_token_is_sent_again() {
    let mut store = store();
    connect(&mut store, rotating(1, START), START);
    let now = START.plus(HOUR);
    for _ in 0..3 {
        let TokenStep::Refresh { tokens, generation, usable } = step(&mut store, None, now) else { panic!() };
        let Refresh::Token(refresh_token) = tokens.refresh else { panic!() };
        assert_eq!(refresh_token.decrypt(b"jane", ring(1).storage()).as_deref(), Some("rt1"));
        assert_eq!(usable, None);
        store.take_upstream_refresh(&github(), generation, UpstreamRefreshOutcome::Unknown, now).unwrap();
    }
}

#[test]
fn a_refused_refresh_token_leads_back_to_connecting() {
    let mut store = store();
    connect(&mut store, rotating(1, START), START);
    let now = START.plus(HOUR);
    let (generation, _) = due(&mut store, None, now);
    store.take_upstream_refresh(&github(), generation, UpstreamRefreshOutcome::Refused, now).unwrap();
    assert_eq!(step(&mut store, None, now), TokenStep::Connect(Some(ConnectionEnd::RefreshRefused)));
    connect(&mut store, rotating(3, now), now);
    assert_eq!(used(&mut store, now).0, "at3");
}

#[test]
fn an_access_token_that_the_service_refuses_is_refreshed_once_or_its_connection_ends() {
    let mut store = store();
    connect(&mut store, rotating(1, START), START);
    let (_, generation) = used(&mut store, START);
    assert_eq!(due(&mut store, Some(generation), START), (generation, false), "it is not used again");
    let outcome = UpstreamRefreshOutcome::Refreshed(rotating(2, START));
    store.take_upstream_refresh(&github(), generation, outcome, START).unwrap();
    assert!(matches!(step(&mut store, Some(generation), START), TokenStep::Use(_)), "an earlier one was refused");
    connect(&mut store, tokens("key", Refresh::None, None, START), START);
    let (_, generation) = used(&mut store, START.plus(DAY));
    assert!(matches!(step(&mut store, Some(generation - 1), START), TokenStep::Use(_)));
    let ended = TokenStep::Connect(Some(ConnectionEnd::TokenRefused));
    assert_eq!(step(&mut store, Some(generation), START), ended);
    assert_eq!(step(&mut store, None, START), ended, "from now on");
}

#[test]
fn a_token_without_a_refresh_token_is_used_to_its_end() {
    let mut store = store();
    connect(&mut store, tokens("at", Refresh::None, Some(HOUR), START), START);
    assert_eq!(used(&mut store, START.plus(HOUR - 1)).0, "at");
    assert_eq!(step(&mut store, None, START.plus(HOUR)), TokenStep::Connect(Some(ConnectionEnd::Expired)));
}

#[test]
fn a_refresh_without_a_new_refresh_token_keeps_the_old_one_and_its_scopes() {
    let mut store = store();
    connect(&mut store, rotating(1, START), START);
    let now = START.plus(HOUR);
    let (generation, _) = due(&mut store, None, now);
    let next = TokenSet { scope: None, ..tokens("at2", Refresh::None, Some(HOUR), now) };
    store.take_upstream_refresh(&github(), generation, UpstreamRefreshOutcome::Refreshed(next), now).unwrap();
    let stored = store.rows().upstream(&github()).unwrap().unwrap().tokens.unwrap();
    let Refresh::Token(token) = stored.refresh else { panic!() };
    assert_eq!(token.decrypt(b"jane", ring(1).storage()).as_deref(), Some("rt1"));
    assert_eq!(stored.scope.as_deref(), Some("repo"));
}

#[test]
fn the_outcome_of_a_refresh_does_not_undo_what_the_person_did_meanwhile() {
    let mut store = store();
    connect(&mut store, rotating(1, START), START);
    let now = START.plus(HOUR);
    let (generation, _) = due(&mut store, None, now);
    connect(&mut store, rotating(7, now), now);
    for outcome in [UpstreamRefreshOutcome::Refreshed(rotating(2, now)), UpstreamRefreshOutcome::Refused] {
        let unwanted = store.take_upstream_refresh(&github(), generation, outcome, now).unwrap();
        assert_eq!(unwanted, None, "a revocation may end the new connection, too");
        assert_eq!(used(&mut store, now).0, "at7", "connected anew");
    }
    let (_, generation) = used(&mut store, now);
    store.disconnect_upstream(&github()).unwrap().unwrap();
    let outcome = UpstreamRefreshOutcome::Refreshed(rotating(8, now));
    let unwanted = store.take_upstream_refresh(&github(), generation, outcome, now).unwrap();
    assert_eq!(unwanted, Some(rotating(8, now)), "to be revoked");
    assert_eq!(step(&mut store, None, now), TokenStep::Connect(None), "disconnected");
    connect(&mut store, rotating(9, now), now);
    assert!(used(&mut store, now.plus(1)).1 >= generation, "generations do not begin again");
}

#[test]
fn only_a_connection_that_shares_the_token_of_the_sign_in_takes_what_came_with_it() {
    let mut store = store();
    connect(&mut store, rotating(1, START), START);
    store.take_identity_tokens(&github(), rotating(2, START), START).unwrap();
    assert_eq!(used(&mut store, START).0, "at1");
    connect(&mut store, tokens("at3", Refresh::Identity, Some(HOUR), START), START);
    let now = START.plus(HOUR);
    assert!(matches!(step(&mut store, None, now), TokenStep::Refresh { .. }));
    store.take_identity_tokens(&github(), rotating(4, now), now).unwrap();
    assert_eq!(used(&mut store, now).0, "at4");
    let stored = store.rows().upstream(&github()).unwrap().unwrap().tokens.unwrap();
    assert_eq!(stored.refresh, Refresh::Identity, "the refresh token stays with the sign-in");
}

#[test]
fn a_connection_that_nobody_uses_is_forgotten_after_ninety_days() {
    let mut store = store();
    connect(&mut store, tokens("key", Refresh::None, None, START), START);
    assert_eq!(store.sweep(START.plus(1)).unwrap(), Some(START.plus(90 * DAY)));
    let writes = store.rows().writes.get();
    assert_eq!(used(&mut store, START.plus(29 * DAY)).0, "key");
    assert_eq!(store.rows().writes.get(), writes, "a use writes nothing for a month");
    assert_eq!(used(&mut store, START.plus(80 * DAY)).0, "key");
    assert_eq!(store.sweep(START.plus(90 * DAY)).unwrap(), Some(START.plus(170 * DAY)));
    assert_eq!(store.sweep(START.plus(170 * DAY)).unwrap(), None);
    assert_eq!(step(&mut store, None, START.plus(170 * DAY)), TokenStep::Connect(None));
}

#[test]
fn what_ends_a_person_ends_their_upstream_accounts_and_disconnecting_apps_does_not() {
    let end = |action| EndGrants { subject: subject(), signed_in_at: START, action };
    for (rule, is_kept, act) in
        [("disconnecting all apps", true, None), ("signing out everywhere", false, Some(AccountAction::SignOut))]
    {
        let mut store = store();
        connect(&mut store, rotating(1, START), START);
        let action = act.unwrap_or(AccountAction::EndAll);
        let revoked = end(action).carry_out(&mut store, START.plus(1), &TestRandom::from(1)).unwrap().unwrap();
        assert_eq!(store.rows().upstream(&github()).unwrap().is_some(), is_kept, "{rule}");
        assert_eq!(revoked.upstreams.is_empty(), is_kept, "{rule}: what is to be revoked");
    }
    let mut store = store();
    connect(&mut store, rotating(1, START), START);
    let policy = AdmissionPolicy::NOBODY;
    let end = EndForOwner { subject: Some(subject()), action: OwnerAction::EndPerson, policy };
    let revoked = end.carry_out(&mut store, START.plus(1), &TestRandom::from(1)).unwrap();
    assert_eq!(store.rows().upstream(&github()).unwrap(), None, "the owner");
    assert_eq!(revoked.upstreams.len(), 1, "the owner: what is to be revoked");
}

#[test]
fn a_sign_in_that_was_ended_everywhere_connects_and_disconnects_nothing() {
    let mut store = store();
    connect(&mut store, rotating(1, START), START);
    store.sign_out(START.plus(10)).unwrap();
    let connected = ConnectedUpstream { upstream: github(), tokens: rotating(2, START), account: None };
    let connect = ConnectUpstream { signed_in_at: START, connected };
    assert_eq!(connect.carry_out(&mut store, START.plus(11), &TestRandom::from(1)).unwrap(), None);
    let disconnect = DisconnectUpstream { signed_in_at: START, upstream: github() };
    assert_eq!(disconnect.carry_out(&mut store, START.plus(11), &TestRandom::from(1)).unwrap(), None);
    assert_eq!(store.rows().upstream(&github()).unwrap(), None);
}

#[test]
fn the_account_page_lists_upstream_accounts_without_their_tokens() {
    let mut store = store();
    connect(&mut store, rotating(1, START), START);
    let list = ListGrants { signed_in_at: START, policy: policy(&[VERSION]) };
    let overview = list.carry_out(&mut store, START, &TestRandom::from(1)).unwrap().unwrap();
    let [listed] = &*overview.upstreams else { panic!() };
    assert_eq!((listed.account.as_deref(), listed.scope.as_deref()), (Some("octocat"), Some("repo")));
    assert_eq!((listed.upstream.as_str(), listed.end), ("github", None));
}
