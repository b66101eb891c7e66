//! What the owner exports: every access, also after its end, for half a year.

use crate::grants::commands::{EndForOwner, OwnerAction};
use crate::grants::history::record::{AccessEnd, AccessOrigin, AccessRecord};
use crate::grants::rule_tests::access_keys::key;
use crate::grants::rule_tests::*;

const HOUR: u64 = 3600;

fn records(store: &GrantStore<TestRows>, now: Timestamp) -> Vec<AccessRecord> {
    store.access_records(&policy(&[VERSION]), now).unwrap()
}

fn ends(store: &GrantStore<TestRows>, now: Timestamp) -> Vec<AccessEnd> {
    records(store, now).into_iter().map(|record| record.end).collect()
}

#[test]
fn an_access_says_how_it_began_and_until_when_it_lasts() {
    let (mut store, request) = one();
    assert!(store.store_key(&key(1).1, &policy(&[VERSION]), START).unwrap().is_ok());
    refresh(&mut store, &request, START.plus(HOUR)).unwrap();
    let (keys, grants): (Vec<_>, Vec<_>) =
        records(&store, START.plus(HOUR)).into_iter().partition(|record| record.origin == AccessOrigin::Key);
    assert_eq!((keys.len(), grants.len()), (1, 1));
    let (key, grant) = (&keys[0], &grants[0]);
    assert_eq!((key.name.as_deref(), key.used_at), (Some("n8n"), None));
    let redirect_uri = "http://127.0.0.1:5000/callback".to_owned();
    assert_eq!(grant.origin, AccessOrigin::SignIn { client_id: client(), redirect_uri });
    assert_eq!((grant.began_at, grant.used_at), (START, Some(START.plus(HOUR))));
    assert_eq!(grant.end, AccessEnd::Until(START.plus(HOUR + 30 * DAY)));
    let nobody = store.access_records(&policy(&[]), START.plus(HOUR)).unwrap();
    assert!(nobody.iter().all(|record| matches!(record.end, AccessEnd::NotAdmitted(_))), "{nobody:?}");
}

#[test]
fn an_ended_access_is_remembered_with_its_reason_and_costs_no_row_before_the_sweep() {
    let (mut store, request) = one();
    let writes = store.rows().writes.get();
    store.revoke(request.grant, START.plus(60)).unwrap();
    assert_eq!(store.rows().writes.get() - writes, 1, "a revocation writes what it has always written");
    let is_ended = |now| match ends(&store, now).as_slice() {
        [AccessEnd::Ended(ended)] => (ended.at, ended.reason) == (START.plus(60), EndReason::Person),
        _ => false,
    };
    assert!(is_ended(START.plus(61)));
    store.sweep(START.plus(3 * HOUR)).unwrap();
    assert!(store.rows().grant(request.grant).unwrap().is_none(), "its row is gone");
    let is_ended = |store: &GrantStore<TestRows>, now| {
        ends(store, now).iter().any(|end| matches!(end, AccessEnd::Ended(ended) if ended.reason == EndReason::Person))
    };
    assert!(is_ended(&store, START.plus(3 * HOUR)));
    store.sweep(START.plus(60 + 180 * DAY - 1)).unwrap();
    assert!(is_ended(&store, START.plus(60 + 180 * DAY - 1)));
    assert_eq!(store.sweep(START.plus(60 + 180 * DAY)).unwrap(), None, "then nothing is left");
    assert_eq!(records(&store, START.plus(60 + 180 * DAY)), []);
}

#[test]
fn an_access_that_nobody_used_is_remembered_as_expired() {
    let (mut store, _) = one();
    assert!(store.store_key(&key(1).1, &policy(&[VERSION]), START).unwrap().is_ok());
    for sweep in [false, true] {
        if sweep {
            store.sweep(START.plus(31 * DAY)).unwrap();
        }
        let expired = AccessEnd::Expired(START.plus(30 * DAY));
        assert_eq!(ends(&store, START.plus(31 * DAY)), [expired, expired], "swept: {sweep}");
    }
}

#[test]
fn an_ended_key_is_remembered_with_who_ended_it() {
    let mut store = store();
    for number in 1..=3 {
        assert!(store.store_key(&key(number).1, &policy(&[VERSION]), START).unwrap().is_ok());
    }
    store.revoke(key(1).1.id(), START.plus(10)).unwrap();
    let end = EndForOwner {
        subject: Some(subject()),
        action: OwnerAction::End { grant: key(2).1.id() },
        policy: policy(&[VERSION]),
    };
    end.carry_out(&mut store, START.plus(20), &random()).unwrap();
    store.revoke_all(START.plus(30)).unwrap();
    let mut reasons: Vec<_> = records(&store, START.plus(40))
        .into_iter()
        .map(|record| {
            let AccessEnd::Ended(ended) = record.end else { panic!("{record:?}") };
            (ended.at.seconds_since(START), ended.reason)
        })
        .collect();
    reasons.sort_unstable_by_key(|(at, _)| *at);
    assert_eq!(reasons, [(10, EndReason::Person), (20, EndReason::Owner), (30, EndReason::Person)]);
}

#[test]
fn no_more_than_two_hundred_ended_accesses_are_remembered_and_the_newest_stay() {
    let mut store = store();
    for number in 0..210 {
        let mut id = [0; 8];
        id[6..].copy_from_slice(&u16::try_from(number).unwrap().to_be_bytes());
        let now = START.plus(number);
        let grant = Grant::begin(GrantId::from_bytes(id), authorization(), now, &random());
        store.put(&grant).unwrap();
        store.revoke(grant.id(), now).unwrap();
    }
    store.sweep(START.plus(3 * HOUR)).unwrap();
    let all = records(&store, START.plus(3 * HOUR));
    assert_eq!(all.len(), 200);
    assert!(all.iter().all(|record| record.began_at >= START.plus(10)), "the first ten made room");
}
