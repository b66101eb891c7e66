//! How many grants there may be, how they end, and how long that is remembered.

use crate::clients::client_keys::ClientProof;
use crate::grants::rule_tests::*;

#[test]
fn another_sign_in_adds_a_grant_and_ends_none() {
    let (mut store, request) = one();
    let second = granted(&mut store, &TestRandom::from(500), START.plus(5));
    assert_ne!(request.grant, second.grant);
    let list = store.list(&policy(&[VERSION]), START.plus(5)).unwrap();
    assert_eq!(list.iter().map(|grant| grant.id).collect::<Vec<_>>(), [second.grant, request.grant]);
    assert!(refresh(&mut store, &request, START.plus(5)).is_ok());
}

#[test]
fn one_grant_too_many_of_a_client_ends_the_one_that_was_idle_longest() {
    let mut store =
        GrantStore::new(TestRows::default(), Limits { grants_per_client: 3, grants: 5, ..Limits::default() });
    let made: Vec<RefreshRequest> =
        (0..3).map(|n| granted(&mut store, &TestRandom::from(n * 100), START.plus(n))).collect();
    refresh(&mut store, &made[0], START.plus(10)).unwrap();
    let code = waiting(&mut store, &TestRandom::from(900), START.plus(20));
    let redeemed = store.redeem(&code, START.plus(20), &TestRandom::from(950)).unwrap().unwrap();
    let displaced = grant(&store, redeemed.grant).displaced().len();
    assert_eq!(displaced, 1);
    assert_eq!(grant(&store, made[1].grant).ended().unwrap().reason, EndReason::LimitReached);
    // Another client is not affected until the subject as a whole has too many grants.
    for n in 0..3 {
        let other = Authorization { client_id: ClientId::new("other").unwrap(), ..authorization() };
        let code = waiting_for(&mut store, other, &TestRandom::from(2000 + n * 100), START.plus(30 + n));
        let redeemed = store.redeem(&code, START.plus(30 + n), &TestRandom::from(2050 + n * 100)).unwrap().unwrap();
        assert_eq!(grant(&store, redeemed.grant).displaced().len(), usize::from(n == 2), "{n}");
    }
    assert_eq!(store.list(&policy(&[VERSION]), START.plus(40)).unwrap().len(), 5);
}

#[test]
fn the_limits_of_grants_hold_alike_whether_their_room_is_remembered_or_not() {
    let limits = Limits { grants_per_client: 3, grants: 5, ..Limits::default() };
    let mut remembering = GrantStore::new(TestRows::default(), limits);
    let mut rows = TestRows::default();
    for n in 0..60_u64 {
        let now = START.plus(n);
        let name = ["a", "b", "c"][usize::try_from(n * n % 11 % 3).unwrap()];
        let wanted = Authorization { client_id: ClientId::new(name).unwrap(), ..authorization() };
        let mut anew = GrantStore::new(rows, limits);
        for store in [&mut remembering, &mut anew] {
            let code = waiting_for(store, wanted.clone(), &TestRandom::from(n * 100), now);
            store.redeem(&code, now, &TestRandom::from(n * 100 + 50)).unwrap().unwrap();
        }
        rows = anew.rows().clone();
        assert_eq!(remembering.rows().grants().unwrap(), rows.grants().unwrap(), "{name} at {n}");
    }
}

#[test]
fn a_client_revokes_its_own_grant_with_any_of_its_tokens() {
    for rotations in 0..3 {
        let (mut store, first) = one();
        let mut request = first.clone();
        for _ in 0..rotations {
            request = after(&request, &refresh(&mut store, &request, START).unwrap());
        }
        let revoke = |proof: &Secret, client: &ClientId, store: &mut GrantStore<TestRows>| {
            let client = (client, ClientProof::SecretOrNone);
            store.revoke_token(first.grant, (first.generation, proof), client, START).unwrap().ended
        };
        let other = ClientId::new("other").unwrap();
        assert!(revoke(&first.proof, &other, &mut store).is_empty(), "not another client's");
        assert!(revoke(&Secret::from_bytes([0; 32]), &client(), &mut store).is_empty(), "not without proof");
        assert!(refresh(&mut GrantStore::new(store.rows().clone(), Limits::default()), &request, START).is_ok());
        assert_eq!(revoke(&first.proof, &client(), &mut store), [first.grant]);
        assert_eq!(refresh(&mut store, &request, START), Err(RefreshError::Ended));
        assert_eq!(revoke(&first.proof, &client(), &mut store), [first.grant], "over as before, not ended again");
        assert_eq!(grant(&store, first.grant).ended().unwrap().reason, EndReason::Client);
    }
}

#[test]
fn a_person_ends_one_grant_or_all_and_the_unredeemed_codes() {
    let (mut store, one) = one();
    let two = granted(&mut store, &TestRandom::from(500), START);
    let code = waiting(&mut store, &TestRandom::from(900), START);
    assert_eq!(store.revoke(one.grant, START).unwrap().ended, [one.grant]);
    assert_eq!(refresh(&mut store, &one, START), Err(RefreshError::Ended));
    assert!(refresh(&mut store, &two, START).is_ok());
    let mut all = store.revoke_all(START).unwrap().ended;
    all.sort_unstable();
    let mut want = [one.grant, two.grant];
    want.sort_unstable();
    assert_eq!(all, want);
    assert!(store.redeem(&code, START, &random()).unwrap().is_err());
    assert!(store.list(&policy(&[VERSION]), START).unwrap().is_empty());
    assert!(store.revoke(GrantId::from_bytes([9; 8]), START).unwrap().ended.is_empty());
}

#[test]
fn the_owner_ends_every_grant_and_unredeemed_code_of_one_client() {
    let (mut store, one) = one();
    let two = granted(&mut store, &TestRandom::from(500), START);
    let code = waiting(&mut store, &TestRandom::from(900), START);
    let of_other = || Authorization { client_id: ClientId::new("other").unwrap(), ..authorization() };
    let other_code = waiting_for(&mut store, of_other(), &TestRandom::from(1300), START);
    let other = store.redeem(&other_code, START, &TestRandom::from(1400)).unwrap().unwrap();
    let other_code = waiting_for(&mut store, of_other(), &TestRandom::from(1500), START);
    let end = EndClientGrants { client: ClientHash::of(&client()) };
    let revoked = end.carry_out(&mut store, START, &random()).unwrap();
    assert_eq!(revoked.ended.len(), 2);
    for ended in [&one, &two] {
        assert_eq!(refresh(&mut store, ended, START), Err(RefreshError::Ended));
        assert_eq!(grant(&store, ended.grant).ended().unwrap().reason, EndReason::Owner);
    }
    assert!(store.redeem(&code, START, &random()).unwrap().is_err(), "a code that waited");
    let list = store.list(&policy(&[VERSION]), START).unwrap();
    assert_eq!(list.iter().map(|grant| grant.id).collect::<Vec<_>>(), [other.grant]);
    assert!(store.redeem(&other_code, START, &TestRandom::from(1600)).unwrap().is_ok(), "the code of another client");
}

#[test]
fn the_use_of_a_client_is_recorded_once_a_day() {
    const DAY: u64 = 24 * 3600;
    let (mut store, request) = one();
    let is_due = |store: &GrantStore<TestRows>, at: u64| {
        store.client_use_to_record(request.grant, START.plus(at)).unwrap().map(|due| due.signed_in_at)
    };
    assert_eq!(is_due(&store, DAY - 1), None, "the directory heard of the sign-in");
    assert_eq!(is_due(&store, DAY), Some(START));
    assert_eq!(is_due(&store, DAY), Some(START), "until it was recorded");
    store.set_use_recorded(request.grant, START.plus(DAY)).unwrap();
    assert_eq!((is_due(&store, 2 * DAY - 1), is_due(&store, 2 * DAY)), (None, Some(START)));
    store.revoke(request.grant, START.plus(2 * DAY)).unwrap();
    assert_eq!(is_due(&store, 2 * DAY), None, "one that has ended");
    assert_eq!(store.client_use_to_record(GrantId::from_bytes([9; 8]), START.plus(DAY)), Ok(None), "none");
}

#[test]
fn signing_out_everywhere_ends_all_grants_and_every_earlier_account_session() {
    let (mut store, one) = one();
    let list = |store: &mut GrantStore<TestRows>, signed_in_at, now| {
        ListGrants { signed_in_at, policy: policy(&[VERSION]) }.carry_out(store, now, &random()).unwrap()
    };
    let end = |store: &mut GrantStore<TestRows>, signed_in_at, action, now| {
        EndGrants { subject: subject(), signed_in_at, action }.carry_out(store, now, &random()).unwrap()
    };
    assert_eq!(list(&mut store, START, START).unwrap().grants.len(), 1);
    let ended = end(&mut store, START, AccountAction::SignOut, START.plus(5)).unwrap();
    assert_eq!(ended, Revoked { ended: vec![one.grant], ..Revoked::default() });
    for signed_in_at in [START.minus(9), START, START.plus(5)] {
        assert_eq!(list(&mut store, signed_in_at, START.plus(6)), None, "{signed_in_at}");
        for action in [
            AccountAction::End { grant: one.grant },
            AccountAction::EndSeveral { grants: vec![one.grant] },
            AccountAction::EndAll,
            AccountAction::SignOut,
        ] {
            let answer = end(&mut store, signed_in_at, action.clone(), START.plus(6));
            assert_eq!(answer, None, "{signed_in_at}: {action:?}");
        }
    }
    assert_eq!(list(&mut store, START.plus(6), START.plus(6)), Some(AccountOverview::default()), "a new sign-in");
    assert!(store.sweep(START.plus(4 + SESSION_LIFETIME)).unwrap().is_some());
    assert!(store.rows().signed_out_at().unwrap().is_some(), "a sign-in from before could still be good");
    store.sweep(START.plus(5 + SESSION_LIFETIME)).unwrap();
    assert!(store.rows().signed_out_at().unwrap().is_none());
}

#[test]
fn the_sign_ins_of_one_app_end_together_and_no_other() {
    let mut store = store();
    let grants: Vec<_> = [1, 2, 3].map(|seed| granted(&mut store, &TestRandom::from(seed), START).grant).into();
    let ended = store.revoke_several(&grants[..2], START.plus(1)).unwrap();
    assert_eq!(ended, Revoked { ended: grants[..2].to_vec(), ..Revoked::default() });
    let active = store.check_grants(grants.clone(), &policy(&[VERSION]), START.plus(2)).unwrap();
    assert_eq!(active.active, grants[2..]);
}

#[test]
fn a_revoked_grant_is_remembered_as_long_as_an_access_token_lives() {
    let (mut store, request) = one();
    store.revoke(request.grant, START).unwrap();
    let again = store.sweep(START.plus(3600)).unwrap().unwrap();
    assert!(again > START.plus(3600) && again < START.plus(2 * 3600));
    let remembered = Some(START.plus(180 * DAY));
    assert_eq!(store.sweep(START.plus(2 * 3600)).unwrap(), remembered, "that there was such a sign-in");
    assert!(store.rows().grants().unwrap().is_empty());
}

#[test]
fn the_sweep_removes_expired_rows_and_no_others() {
    let (mut store, request) = one();
    waiting(&mut store, &TestRandom::from(900), START);
    assert_eq!(store.sweep(START).unwrap(), Some(START.plus(CODE_LIFETIME)));
    assert_eq!(
        store.sweep(START.plus(CODE_LIFETIME)).unwrap(),
        Some(START.plus(CODE_LIFETIME + 600)),
        "a redeemed code"
    );
    assert_eq!(store.sweep(START.plus(DAY)).unwrap(), Some(START.plus(30 * DAY)));
    assert!(refresh(&mut store, &request, START.plus(DAY)).is_ok());
}
