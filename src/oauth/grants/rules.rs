//! The rules of `grants`, one test each.

use proptest::prelude::*;

use super::histories::{
    DAY, EPOCH, START, after, authorization, challenge, client, granted, ledger, object, waiting, waiting_for,
};
use super::memory::Memory;
use super::*;
use crate::caller::{ClientId, GrantId, ScopeSet};
use crate::oauth::Timestamp;
use crate::oauth::account::SESSION_LIFETIME;
use crate::oauth::code::{AuthorizationCode, CODE_LIFETIME};
use crate::oauth::compact::{Unreadable, decode, encode};
use crate::oauth::keys::tests::Counting;
use crate::oauth::opaque::Secret;
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

fn private() -> Resource {
    Resource::parse("https://host.example/private/mcp").unwrap()
}

#[test]
fn a_code_gives_what_was_agreed_to() {
    let mut ledger = ledger();
    let request = waiting(&mut ledger, &random(), START);
    let redeemed = ledger.redeem(&request, START, &random()).unwrap().unwrap();
    assert_eq!(redeemed.authorization, authorization());
    assert_eq!(redeemed.generation.number(), 1);
    let grant = grant(&ledger, redeemed.grant);
    assert!(grant.is_live(&Limits::default(), START));
    assert_eq!(ledger.rows().writes.get(), 3, "rows written for a sign-in: the code twice, the grant once");
}

#[test]
fn a_code_is_good_for_a_minute() {
    for (pause, good) in [(0, true), (CODE_LIFETIME - 1, true), (CODE_LIFETIME, false), (DAY, false)] {
        let mut ledger = ledger();
        let request = waiting(&mut ledger, &random(), START);
        let answer = ledger.redeem(&request, START.plus(pause), &random()).unwrap();
        assert_eq!(answer.is_ok(), good, "{pause}");
    }
}

#[test]
fn a_replayed_code_revokes_the_grant() {
    for pause in [0, 1, 30, CODE_LIFETIME + 500] {
        let mut ledger = ledger();
        let request = waiting(&mut ledger, &random(), START);
        let redeemed = ledger.redeem(&request, START, &random()).unwrap().unwrap();
        let again = ledger.answer(Call::Redeem(request), START.plus(pause), &random()).unwrap();
        assert_eq!(again, Reply::Redeem(Err(RedeemRefusal::Replayed(redeemed.grant))), "{pause}");
        assert_eq!(again.ended(), [redeemed.grant], "its end is announced");
        let ended = grant(&ledger, redeemed.grant).ended().unwrap();
        assert_eq!(ended.reason, EndReason::CodeReplayed);
    }
}

#[test]
fn an_invalid_redemption_says_what_does_not_fit_and_changes_nothing() {
    type Change = fn(&mut Redemption);
    let cases: [(Mismatch, Change); 8] = [
        (Mismatch::Secret, |request| request.digest = Secret::from_bytes([0; 32])),
        (Mismatch::Client, |request| request.client_id = ClientId::new("other").unwrap()),
        (Mismatch::RedirectUri, |request| request.redirect_uri = Some("http://127.0.0.1:5000/callback/".into())),
        (Mismatch::RedirectUri, |request| request.redirect_uri = Some(String::new())),
        (Mismatch::Verifier, |request| request.answers = None),
        (Mismatch::Verifier, |request| {
            request.answers = Some(crate::oauth::pkce::CodeVerifier::parse(&"y".repeat(50)).unwrap().challenge());
        }),
        (Mismatch::Resource, |request| request.resource = Some(private())),
        (Mismatch::Credentials, |request| request.epochs = vec![Epoch::from_bytes([9; 8])]),
    ];
    for (mismatch, change) in cases {
        for redeemed_before in [false, true] {
            let mut ledger = ledger();
            let right = waiting(&mut ledger, &random(), START);
            if redeemed_before {
                ledger.redeem(&right, START, &random()).unwrap().unwrap();
            }
            let before = (ledger.rows().codes().unwrap(), ledger.rows().grants().unwrap());
            let mut wrong = right.clone();
            change(&mut wrong);
            let answer = ledger.redeem(&wrong, START, &random()).unwrap();
            assert_eq!(answer, Err(RedeemRefusal::Mismatch(mismatch)));
            assert_eq!((ledger.rows().codes().unwrap(), ledger.rows().grants().unwrap()), before, "{mismatch}");
            if !redeemed_before {
                assert!(
                    ledger.redeem(&right, START, &random()).unwrap().is_ok(),
                    "the honest client still can: {mismatch}"
                );
            }
        }
    }
}

#[test]
fn what_the_client_repeats_of_its_request_may_be_left_out_or_said() {
    let mut ledger = ledger();
    let mut request = waiting(&mut ledger, &random(), START);
    request.redirect_uri = Some(authorization().redirect_uri);
    request.resource = Some(authorization().resource);
    assert!(ledger.redeem(&request, START, &random()).unwrap().is_ok());
}

#[test]
fn so_many_codes_wait_and_no_more() {
    let mut ledger = ledger();
    for n in 0..Limits::default().codes {
        waiting(&mut ledger, &Counting::from(n as u64 * 10), START);
    }
    let code = AuthorizationCode::mint(object(), &Counting::from(7777));
    let next = PendingCode::new(&code, challenge(), authorization(), START);
    assert!(!ledger.store_code(&next, START).unwrap());
    assert!(ledger.store_code(&next, START.plus(CODE_LIFETIME)).unwrap(), "until the others have expired");
}

#[test]
fn a_refresh_writes_one_row_and_a_retry_none() {
    let (mut ledger, request) = one();
    let before = ledger.rows().writes.get();
    refresh(&mut ledger, &request, START.plus(60)).unwrap();
    assert_eq!(ledger.rows().writes.get(), before + 1);
    refresh(&mut ledger, &request, START.plus(61)).unwrap();
    assert_eq!(ledger.rows().writes.get(), before + 1);
}

#[test]
fn a_retry_within_a_minute_gets_the_same_successor_however_often() {
    let (mut ledger, request) = one();
    let first = refresh(&mut ledger, &request, START).unwrap();
    assert_eq!((first.retry, first.generation.number()), (Retry::First, 2));
    for pause in [0, 0, 1, 30, 60] {
        let again = refresh(&mut ledger, &request, START.plus(pause)).unwrap();
        assert_eq!((again.retry, again.generation, again.proof), (Retry::Soon, first.generation, first.proof.clone()));
    }
}

#[test]
fn later_the_last_token_works_three_times_in_thirty_days() {
    let (mut ledger, request) = one();
    let first = refresh(&mut ledger, &request, START).unwrap();
    for pause in [61, 2 * DAY, 5 * DAY] {
        let again = refresh(&mut ledger, &request, START.plus(pause)).unwrap();
        assert_eq!((again.retry, again.generation, &again.proof), (Retry::Late, first.generation, &first.proof));
    }
    assert_eq!(refresh(&mut ledger, &request, START.plus(6 * DAY)), Err(RefreshRefusal::Replayed));
    assert_eq!(grant(&ledger, request.grant).ended().unwrap().reason, EndReason::TokenReplayed);
}

#[test]
fn late_retries_are_counted_per_grant_and_not_per_token() {
    let (mut ledger, mut request) = one();
    let mut now = START;
    for round in 0..4 {
        let next = refresh(&mut ledger, &request, now).unwrap();
        now = now.plus(3600);
        let late = refresh(&mut ledger, &request, now);
        assert_eq!(late.is_ok(), round < 3, "{round}");
        request = after(&request, &next);
    }
    assert!(grant(&ledger, request.grant).ended().is_some());
}

#[test]
fn late_retries_come_back_after_thirty_days() {
    for (days, good) in [(29, false), (31, true)] {
        let (mut ledger, request) = one();
        let mut last = request.clone();
        let mut request = after(&request, &refresh(&mut ledger, &request, START).unwrap());
        for _ in 0..3 {
            refresh(&mut ledger, &last, START.plus(3600)).unwrap();
        }
        for week in 1..=4 {
            last = request.clone();
            request = after(&request, &refresh(&mut ledger, &request, START.plus(week * 7 * DAY)).unwrap());
        }
        assert_eq!(refresh(&mut ledger, &last, START.plus(days * DAY)).is_ok(), good, "{days}");
    }
}

#[test]
fn a_token_older_than_the_last_ends_the_grant_even_at_once() {
    let (mut ledger, first) = one();
    let second = after(&first, &refresh(&mut ledger, &first, START).unwrap());
    let third = after(&second, &refresh(&mut ledger, &second, START).unwrap());
    let answer = ledger.answer(Call::Refresh(first.clone()), START, &random()).unwrap();
    assert_eq!(answer.ended(), [first.grant]);
    for token in [&first, &second, &third] {
        assert_eq!(refresh(&mut ledger, token, START), Err(RefreshRefusal::Ended));
    }
}

#[test]
fn a_token_from_a_future_that_was_rolled_back_is_refused_and_harms_nothing() {
    let (mut ledger, first) = one();
    let mut restored = Ledger::new(ledger.rows().clone(), Limits::default());
    let second = after(&first, &refresh(&mut ledger, &first, START).unwrap());
    assert_eq!(refresh(&mut restored, &second, START), Err(RefreshRefusal::Unknown));
    assert!(refresh(&mut restored, &first, START).is_ok());
}

#[test]
fn a_refresh_that_does_not_fit_changes_nothing_however_old_its_token() {
    type Change = fn(&mut Refresh);
    let cases: [(RefreshRefusal, Change); 6] = [
        (RefreshRefusal::Unknown, |request| request.grant = GrantId::from_bytes([9; 8])),
        (RefreshRefusal::Unknown, |request| request.proof = Secret::from_bytes([0; 32])),
        (RefreshRefusal::OtherClient, |request| request.client_id = ClientId::new("other").unwrap()),
        (RefreshRefusal::OtherResource, |request| request.resource = Some(private())),
        (RefreshRefusal::Scope, |request| request.scope = Some(scope("notes:write"))),
        (RefreshRefusal::OtherClient, |request| {
            // Somebody else's client and a changed passphrase: nobody learns of the passphrase, nothing ends.
            request.client_id = ClientId::new("other").unwrap();
            request.epochs = Vec::new();
        }),
    ];
    for (want, change) in cases {
        let (mut ledger, first) = one();
        let second = after(&first, &refresh(&mut ledger, &first, START).unwrap());
        let third = after(&second, &refresh(&mut ledger, &second, START).unwrap());
        for token in [first, second, third.clone()] {
            let mut wrong = token;
            change(&mut wrong);
            assert_eq!(refresh(&mut ledger, &wrong, START), Err(want));
        }
        assert!(refresh(&mut ledger, &third, START).is_ok(), "the honest client still can: {want}");
    }
}

#[test]
fn scopes_may_shrink_for_one_access_token_and_never_grow() {
    let (mut ledger, mut request) = one();
    for (asked, want) in [
        (None, "notes:read profile"),
        (Some("profile"), "profile"),
        (Some(""), "notes:read profile"),
        (Some("notes:read profile"), "notes:read profile"),
        (Some("notes:write profile offline_access"), "profile"),
        (None, "notes:read profile"),
    ] {
        request.scope = asked.map(scope);
        let renewal = refresh(&mut ledger, &request, START).unwrap();
        assert_eq!(renewal.scope, scope(want), "{asked:?}");
        assert_eq!(renewal.authorization.scope, scope("notes:read profile"), "{asked:?}");
        request = after(&request, &renewal);
    }
}

#[test]
fn a_grant_without_scopes_can_be_refreshed() {
    let mut ledger = ledger();
    let bare = Authorization { scope: ScopeSet::empty(), ..authorization() };
    let code = waiting_for(&mut ledger, bare, &random(), START);
    let redeemed = ledger.redeem(&code, START, &random()).unwrap().unwrap();
    let request = Refresh {
        grant: redeemed.grant,
        generation: redeemed.generation,
        proof: redeemed.proof,
        client_id: client(),
        scope: None,
        resource: None,
        epochs: vec![EPOCH],
    };
    assert_eq!(refresh(&mut ledger, &request, START).unwrap().scope, ScopeSet::empty());
}

#[test]
fn a_grant_expires_when_idle_and_in_any_case() {
    let (mut ledger, request) = one();
    assert_eq!(refresh(&mut ledger, &request, START.plus(30 * DAY)), Err(RefreshRefusal::Expired));
    let mut request = after(&request, &refresh(&mut ledger, &request, START.plus(30 * DAY - 1)).unwrap());
    for days in [59, 88] {
        request = after(&request, &refresh(&mut ledger, &request, START.plus(days * DAY)).unwrap());
    }
    assert_eq!(refresh(&mut ledger, &request, START.plus(90 * DAY)), Err(RefreshRefusal::Expired));
}

#[test]
fn changed_credentials_end_every_grant_at_its_next_use() {
    let (mut ledger, request) = one();
    let changed = Refresh { epochs: vec![Epoch::from_bytes([2; 8])], ..request.clone() };
    let reply = ledger.answer(Call::Refresh(changed), START, &random()).unwrap();
    assert_eq!(reply.ended(), [request.grant]);
    assert_eq!(refresh(&mut ledger, &request, START), Err(RefreshRefusal::Ended), "for good");
    assert!(ledger.list(&[Epoch::from_bytes([2; 8])], START).unwrap().is_empty());
}

#[test]
fn a_grant_moves_to_the_current_spelling_of_the_same_credentials() {
    let (mut ledger, request) = one();
    let new = Epoch::from_bytes([2; 8]);
    let during = Refresh { epochs: vec![new, EPOCH], ..request };
    let renewal = refresh(&mut ledger, &during, START).unwrap();
    assert_eq!(renewal.authorization.epoch, Some(new));
    let later = Refresh { epochs: vec![new], ..after(&during, &renewal) };
    assert!(refresh(&mut ledger, &later, START).is_ok());
}

#[test]
fn another_sign_in_adds_a_grant_and_ends_none() {
    let (mut ledger, request) = one();
    let second = granted(&mut ledger, &Counting::from(500), START.plus(5));
    assert_ne!(request.grant, second.grant);
    let list = ledger.list(&[EPOCH], START.plus(5)).unwrap();
    assert_eq!(list.iter().map(|grant| grant.id).collect::<Vec<_>>(), [second.grant, request.grant]);
    assert!(refresh(&mut ledger, &request, START.plus(5)).is_ok());
}

#[test]
fn too_many_grants_of_a_client_push_out_the_one_that_was_idle_longest() {
    let mut ledger = Ledger::new(Memory::default(), Limits { grants_per_client: 3, grants: 5, ..Limits::default() });
    let made: Vec<Refresh> = (0..3).map(|n| granted(&mut ledger, &Counting::from(n * 100), START.plus(n))).collect();
    refresh(&mut ledger, &made[0], START.plus(10)).unwrap();
    let code = waiting(&mut ledger, &Counting::from(900), START.plus(20));
    let redeemed = ledger.redeem(&code, START.plus(20), &Counting::from(950)).unwrap().unwrap();
    assert_eq!(redeemed.ended, [made[1].grant]);
    assert_eq!(grant(&ledger, made[1].grant).ended().unwrap().reason, EndReason::Crowded);
    // Another client is not touched by that, until the subject as a whole has too many.
    for n in 0..3 {
        let other = Authorization { client_id: ClientId::new("other").unwrap(), ..authorization() };
        let code = waiting_for(&mut ledger, other, &Counting::from(2000 + n * 100), START.plus(30 + n));
        let redeemed = ledger.redeem(&code, START.plus(30 + n), &Counting::from(2050 + n * 100)).unwrap().unwrap();
        assert_eq!(redeemed.ended.len(), usize::from(n == 2), "{n}");
    }
    assert_eq!(ledger.list(&[EPOCH], START.plus(40)).unwrap().len(), 5);
}

#[test]
fn a_client_revokes_its_own_grant_with_any_of_its_tokens() {
    for rotations in 0..3 {
        let (mut ledger, first) = one();
        let mut request = first.clone();
        for _ in 0..rotations {
            request = after(&request, &refresh(&mut ledger, &request, START).unwrap());
        }
        let revoke = |proof: &Secret, client: &ClientId, ledger: &mut Ledger<Memory>| {
            ledger.revoke_token(first.grant, first.generation, proof, client, START).unwrap().ended
        };
        let other = ClientId::new("other").unwrap();
        assert!(revoke(&first.proof, &other, &mut ledger).is_empty(), "not another client's");
        assert!(revoke(&Secret::from_bytes([0; 32]), &client(), &mut ledger).is_empty(), "not without proof");
        assert!(refresh(&mut Ledger::new(ledger.rows().clone(), Limits::default()), &request, START).is_ok());
        assert_eq!(revoke(&first.proof, &client(), &mut ledger), [first.grant]);
        assert_eq!(refresh(&mut ledger, &request, START), Err(RefreshRefusal::Ended));
        assert_eq!(revoke(&first.proof, &client(), &mut ledger), [first.grant], "announced again, not ended again");
        assert_eq!(grant(&ledger, first.grant).ended().unwrap().reason, EndReason::Client);
    }
}

#[test]
fn a_person_ends_one_grant_or_all_and_the_codes_that_wait() {
    let (mut ledger, one) = one();
    let two = granted(&mut ledger, &Counting::from(500), START);
    let code = waiting(&mut ledger, &Counting::from(900), START);
    assert_eq!(ledger.revoke(one.grant, START).unwrap().ended, [one.grant]);
    assert_eq!(refresh(&mut ledger, &one, START), Err(RefreshRefusal::Ended));
    assert!(refresh(&mut ledger, &two, START).is_ok());
    let mut all = ledger.revoke_all(START).unwrap().ended;
    all.sort_unstable();
    let mut want = [one.grant, two.grant];
    want.sort_unstable();
    assert_eq!(all, want);
    assert!(ledger.redeem(&code, START, &random()).unwrap().is_err());
    assert!(ledger.list(&[EPOCH], START).unwrap().is_empty());
    assert!(ledger.revoke(GrantId::from_bytes([9; 8]), START).unwrap().ended.is_empty());
}

#[test]
fn who_signs_out_everywhere_ends_all_grants_and_every_earlier_sign_in_until_those_would_be_over() {
    let (mut ledger, one) = one();
    let mut person = |signed_in_at, wish, now| {
        ledger.answer(Call::ForPerson { signed_in_at, wish }, now, &Counting::from(3)).unwrap()
    };
    let see = || Wish::See { epochs: vec![EPOCH] };
    assert!(matches!(person(START, see(), START), Reply::List(list) if list.len() == 1));
    assert_eq!(person(START, Wish::SignOut, START.plus(5)).ended(), [one.grant]);
    for signed_in_at in [START.minus(9), START, START.plus(5)] {
        for wish in [see(), Wish::End { grant: one.grant }, Wish::EndAll, Wish::SignOut] {
            assert_eq!(person(signed_in_at, wish, START.plus(6)), Reply::SignedOut, "{signed_in_at}");
        }
    }
    assert_eq!(person(START.plus(6), see(), START.plus(6)), Reply::List(Vec::new()), "a new sign-in");
    assert!(ledger.sweep(START.plus(4 + SESSION_LIFETIME)).unwrap().is_some());
    assert!(ledger.rows().signed_out_at().unwrap().is_some(), "a sign-in from before could still be good");
    ledger.sweep(START.plus(5 + SESSION_LIFETIME)).unwrap();
    assert!(ledger.rows().signed_out_at().unwrap().is_none());
}

#[test]
fn an_end_is_remembered_as_long_as_an_access_token_lives() {
    let (mut ledger, request) = one();
    ledger.revoke(request.grant, START).unwrap();
    assert_eq!(ledger.lately_ended(START.plus(3600)).unwrap(), [request.grant]);
    let again = ledger.sweep(START.plus(3600)).unwrap().unwrap();
    assert!(again > START.plus(3600) && again < START.plus(2 * 3600));
    assert_eq!(ledger.sweep(START.plus(2 * 3600)).unwrap(), None);
    assert!(ledger.rows().grants().unwrap().is_empty());
}

#[test]
fn what_has_expired_is_swept_and_what_lives_stays() {
    let (mut ledger, request) = one();
    waiting(&mut ledger, &Counting::from(900), START);
    assert_eq!(ledger.sweep(START).unwrap(), Some(START.plus(CODE_LIFETIME)));
    assert_eq!(
        ledger.sweep(START.plus(CODE_LIFETIME)).unwrap(),
        Some(START.plus(CODE_LIFETIME + 600)),
        "a redeemed code"
    );
    assert_eq!(ledger.sweep(START.plus(DAY)).unwrap(), Some(START.plus(30 * DAY)));
    assert!(refresh(&mut ledger, &request, START.plus(DAY)).is_ok());
}

#[test]
fn every_message_is_read_as_it_was_written() {
    let (mut ledger, request) = one();
    let code = AuthorizationCode::mint(object(), &Counting::from(7777));
    let mut redemption = Redemption::new(&code, client(), vec![EPOCH]);
    redemption.answers = Some(challenge());
    for call in [
        Call::StoreCode(PendingCode::new(&code, challenge(), authorization(), START)),
        Call::Redeem(redemption.clone()),
        Call::Redeem(redemption),
        Call::Refresh(request.clone()),
        Call::RevokeToken {
            grant: request.grant,
            generation: request.generation,
            proof: request.proof.clone(),
            client_id: client(),
        },
        Call::RevokeForClient { grant: request.grant, client_id: client() },
        Call::Refresh(request.clone()),
        Call::List { epochs: vec![EPOCH] },
        Call::ForPerson { signed_in_at: START, wish: Wish::See { epochs: vec![EPOCH] } },
        Call::ForPerson { signed_in_at: START, wish: Wish::End { grant: request.grant } },
        Call::ForPerson { signed_in_at: START, wish: Wish::EndAll },
        Call::ForPerson { signed_in_at: START, wish: Wish::SignOut },
        Call::ForPerson { signed_in_at: START, wish: Wish::EndAll },
    ] {
        let bytes = encode(&call).unwrap();
        assert_eq!(decode::<Call>(&bytes), Ok(call.clone()));
        assert_eq!(decode::<Call>(&bytes[1..]), Err(Unreadable), "another version");
        assert_eq!(decode::<Call>(&[bytes.as_slice(), &[0]].concat()), Err(Unreadable), "something behind it");
        let reply = ledger.answer(call, START, &Counting::from(3)).unwrap();
        assert_eq!(decode::<Reply>(&encode(&reply).unwrap()), Ok(reply));
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_row_or_a_message_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (row, message) = ([&[1], bytes.as_slice()].concat(), [&[2], bytes.as_slice()].concat());
        let _ = (Grant::from_row(&row), PendingCode::from_row(&row), decode::<Call>(&message), decode::<Reply>(&message));
    }
}
