//! The result of a refresh, and when the repeated use of a token ends the grant.

use crate::clients::client_keys::ClientProof;
use crate::grants::rule_tests::*;

fn away(request: &RefreshRequest) -> RefreshRequest {
    RefreshRequest { from: Some(AWAY), ..request.clone() }
}

#[test]
fn a_refresh_writes_one_row_and_a_retry_none() {
    let (mut store, request) = one();
    let before = store.rows().writes.get();
    refresh(&mut store, &request, START.plus(60)).unwrap();
    assert_eq!(store.rows().writes.get(), before + 1);
    refresh(&mut store, &request, START.plus(61)).unwrap();
    assert_eq!(store.rows().writes.get(), before + 1);
}

#[test]
fn a_retry_within_a_minute_gets_the_same_successor_however_often() {
    let (mut store, request) = one();
    let first = refresh(&mut store, &request, START).unwrap();
    assert_eq!((first.retry, first.generation.number()), (Retry::First, 2));
    for pause in [0, 0, 1, 30, 60] {
        let again = refresh(&mut store, &request, START.plus(pause)).unwrap();
        assert_eq!((again.retry, again.generation, again.proof), (Retry::Soon, first.generation, first.proof.clone()));
    }
}

#[test]
fn after_a_minute_the_previous_token_works_any_number_of_times_from_the_network_of_the_last_refresh() {
    let (mut store, request) = one();
    let first = refresh(&mut store, &request, START).unwrap();
    for day in 1..30 {
        let again = refresh(&mut store, &request, START.plus(day * DAY)).unwrap();
        assert_eq!((again.retry, again.generation, &again.proof), (Retry::Late, first.generation, &first.proof));
    }
}

#[test]
fn after_a_minute_the_previous_token_works_three_times_in_thirty_days_from_another_network() {
    let (mut store, request) = one();
    let first = refresh(&mut store, &request, START).unwrap();
    let request = away(&request);
    for pause in [61, 2 * DAY, 5 * DAY] {
        let again = refresh(&mut store, &request, START.plus(pause)).unwrap();
        let want = (Retry::LateFromElsewhere, first.generation, &first.proof);
        assert_eq!((again.retry, again.generation, &again.proof), want);
    }
    assert_eq!(refresh(&mut store, &request, START.plus(6 * DAY)), Err(RefreshError::Replayed));
    assert_eq!(grant(&store, request.grant).ended().unwrap().reason, EndReason::TokenReplayed);
}

#[test]
fn late_retries_are_counted_per_grant_and_not_per_token() {
    let (mut store, mut request) = one();
    let mut now = START;
    for round in 0..4 {
        let next = refresh(&mut store, &request, now).unwrap();
        now = now.plus(3600);
        let late = refresh(&mut store, &away(&request), now);
        assert_eq!(late.is_ok(), round < 3, "{round}");
        request = after(&request, &next);
    }
    assert!(grant(&store, request.grant).ended().is_some());
}

#[test]
fn the_count_of_late_retries_starts_again_after_thirty_days() {
    for (days, good) in [(29, false), (31, true)] {
        let (mut store, request) = one();
        let mut last = request.clone();
        let mut request = after(&request, &refresh(&mut store, &request, START).unwrap());
        for _ in 0..3 {
            refresh(&mut store, &away(&last), START.plus(3600)).unwrap();
        }
        for week in 1..=4 {
            last = request.clone();
            request = after(&request, &refresh(&mut store, &request, START.plus(week * 7 * DAY)).unwrap());
        }
        assert_eq!(refresh(&mut store, &away(&last), START.plus(days * DAY)).is_ok(), good, "{days}");
    }
}

#[test]
fn a_token_older_than_the_previous_one_revokes_the_grant_from_another_network_even_at_once() {
    let (mut store, first) = one();
    let second = after(&first, &refresh(&mut store, &first, START).unwrap());
    let third = after(&second, &refresh(&mut store, &second, START).unwrap());
    let answer = store.refresh(&away(&first), START).unwrap().answer;
    assert_eq!(answer, Err(RefreshError::Replayed));
    for token in [&first, &second, &third] {
        assert_eq!(refresh(&mut store, token, START), Err(RefreshError::Ended));
    }
}

#[test]
fn a_token_newer_than_the_grant_is_refused_and_revokes_nothing() {
    let (mut store, first) = one();
    let mut restored = GrantStore::new(store.rows().clone(), Limits::default());
    let second = after(&first, &refresh(&mut store, &first, START).unwrap());
    assert_eq!(refresh(&mut restored, &second, START), Err(RefreshError::Unknown));
    assert!(refresh(&mut restored, &first, START).is_ok());
}

#[test]
fn a_refresh_that_does_not_match_its_grant_changes_nothing_however_old_its_token() {
    type Change = fn(&mut RefreshRequest);
    let cases: [(RefreshError, Change); 7] = [
        (RefreshError::Unknown, |request| request.grant = GrantId::from_bytes([9; 8])),
        (RefreshError::Unknown, |request| request.proof = Secret::from_bytes([0; 32])),
        (RefreshError::OtherClient, |request| request.client_id = ClientId::new("other").unwrap()),
        (RefreshError::OtherIssuer, |request| {
            request.issuer = other_name();
            request.resource = Some(Resource::parse("https://other.example/mcp").unwrap());
        }),
        (RefreshError::OtherResource, |request| request.resource = Some(private())),
        (RefreshError::Scope, |request| request.scope = Some(scope("notes:write"))),
        (RefreshError::OtherClient, |request| {
            // Another client and a changed passphrase: the answer does not reveal the change, and nothing ends.
            request.client_id = ClientId::new("other").unwrap();
            request.policy = policy(&[]);
        }),
    ];
    for (want, change) in cases {
        let (mut store, first) = one();
        let second = after(&first, &refresh(&mut store, &first, START).unwrap());
        let third = after(&second, &refresh(&mut store, &second, START).unwrap());
        for token in [first, second, third.clone()] {
            let mut wrong = token;
            change(&mut wrong);
            assert_eq!(refresh(&mut store, &wrong, START), Err(want));
        }
        assert!(refresh(&mut store, &third, START).is_ok(), "the honest client still can: {want}");
    }
}

#[test]
fn a_refresh_may_narrow_the_scopes_of_one_access_token_and_never_widen_them() {
    let (mut store, mut request) = one();
    for (asked, want) in [
        (None, "notes:read profile"),
        (Some("profile"), "profile"),
        (Some(""), "notes:read profile"),
        (Some("notes:read profile"), "notes:read profile"),
        (Some("notes:write profile offline_access"), "profile"),
        (None, "notes:read profile"),
    ] {
        request.scope = asked.map(scope);
        let renewal = refresh(&mut store, &request, START).unwrap();
        assert_eq!(renewal.scope, scope(want), "{asked:?}");
        assert_eq!(renewal.authorization.scope, scope("notes:read profile"), "{asked:?}");
        request = after(&request, &renewal);
    }
}

#[test]
fn a_grant_without_scopes_can_be_refreshed() {
    let mut store = store();
    let bare = Authorization { scope: ScopeSet::empty(), ..authorization() };
    let code = waiting_for(&mut store, bare, &random(), START);
    let redeemed = store.redeem(&code, START, &random()).unwrap().unwrap();
    let request = RefreshRequest {
        grant: redeemed.grant,
        generation: redeemed.generation,
        proof: redeemed.proof,
        client_id: client(),
        client_proof: ClientProof::SecretOrNone,
        issuer: issuer(),
        connectors: Vec::new(),
        scope: None,
        resource: None,
        from: None,
        policy: policy(&[VERSION]),
    };
    assert_eq!(refresh(&mut store, &request, START).unwrap().scope, ScopeSet::empty());
}

#[test]
fn a_grant_expires_when_it_is_idle_and_at_its_end_of_life() {
    let (mut store, request) = one();
    assert_eq!(refresh(&mut store, &request, START.plus(30 * DAY)), Err(RefreshError::Expired));
    let mut request = after(&request, &refresh(&mut store, &request, START.plus(30 * DAY - 1)).unwrap());
    for days in [59, 88] {
        request = after(&request, &refresh(&mut store, &request, START.plus(days * DAY)).unwrap());
    }
    assert_eq!(refresh(&mut store, &request, START.plus(90 * DAY)), Err(RefreshError::Expired));
}

#[test]
fn changed_credentials_end_every_grant_at_its_next_use() {
    let (mut store, request) = one();
    let changed = RefreshRequest { policy: policy(&[CredentialVersion::from_bytes([2; 8])]), ..request.clone() };
    let answer = store.refresh(&changed, START).unwrap().answer;
    assert_eq!(answer, Err(RefreshError::CredentialsChanged));
    assert_eq!(refresh(&mut store, &request, START), Err(RefreshError::Ended), "for good");
    assert!(store.list(&policy(&[CredentialVersion::from_bytes([2; 8])]), START).unwrap().is_empty());
}

#[test]
fn a_grant_takes_over_the_credential_version_of_the_current_master_key() {
    let (mut store, request) = one();
    let new = CredentialVersion::from_bytes([2; 8]);
    let during = RefreshRequest { policy: policy(&[new, VERSION]), ..request };
    let renewal = refresh(&mut store, &during, START).unwrap();
    assert_eq!(renewal.authorization.admission, Admission::Version(new));
    let later = RefreshRequest { policy: policy(&[new]), ..after(&during, &renewal) };
    assert!(refresh(&mut store, &later, START).is_ok());
}
