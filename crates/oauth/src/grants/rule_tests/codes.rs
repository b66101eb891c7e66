//! A code is redeemed once, by the client that asked for it, within a minute.

use crate::clients::client_keys::ClientProof;
use crate::grants::rule_tests::*;

#[test]
fn a_redeemed_code_gives_what_the_person_allowed() {
    let mut store = store();
    let request = waiting(&mut store, &random(), START);
    let redeemed = store.redeem(&request, START, &random()).unwrap().unwrap();
    assert_eq!(redeemed.authorization, authorization());
    assert_eq!(redeemed.generation.number(), 1);
    let grant = grant(&store, redeemed.grant);
    assert!(grant.is_live(&Limits::default(), START));
    assert_eq!(store.rows().writes.get(), 3, "rows written for a sign-in: the code twice, the grant once");
}

#[test]
fn an_authorization_code_is_valid_for_a_minute() {
    for (pause, good) in [(0, true), (CODE_LIFETIME - 1, true), (CODE_LIFETIME, false), (DAY, false)] {
        let mut store = store();
        let request = waiting(&mut store, &random(), START);
        let answer = store.redeem(&request, START.plus(pause), &random()).unwrap();
        assert_eq!(answer.is_ok(), good, "{pause}");
    }
}

#[test]
fn a_replayed_code_revokes_the_grant() {
    for pause in [0, 1, 30, CODE_LIFETIME + 500] {
        let mut store = store();
        let request = waiting(&mut store, &random(), START);
        let redeemed = store.redeem(&request, START, &random()).unwrap().unwrap();
        let again = Redemption { grant: GrantId::from_bytes([7; 8]), ..request };
        let again = store.redeem(&again, START.plus(pause), &random()).unwrap();
        assert_eq!(again, Err(RedeemError::Replayed(redeemed.grant)), "{pause}");
        let ended = grant(&store, redeemed.grant).ended().unwrap();
        assert_eq!(ended.reason, EndReason::CodeReplayed);
    }
}

#[test]
fn a_redemption_that_is_repeated_inside_the_server_gets_the_same_answer() {
    let mut store = store();
    let request = waiting(&mut store, &random(), START);
    let first = store.redeem(&request, START, &random()).unwrap();
    let writes = store.rows().writes.get();
    assert_eq!(store.redeem(&request, START.plus(5), &random()).unwrap(), first);
    assert_eq!(store.rows().writes.get(), writes, "nothing is written");
    let redeemed = first.unwrap();
    let refresh_with = RefreshRequest {
        issuer: issuer(),
        connectors: Vec::new(),
        grant: redeemed.grant,
        generation: redeemed.generation,
        proof: redeemed.proof,
        client_id: client(),
        client_proof: ClientProof::SecretOrNone,
        scope: None,
        resource: None,
        from: None,
        policy: policy(&[VERSION]),
    };
    refresh(&mut store, &refresh_with, START.plus(6)).unwrap();
    let later = store.redeem(&request, START.plus(7), &random()).unwrap();
    assert_eq!(later, Err(RedeemError::Replayed(redeemed.grant)), "the client has its answer: nobody needs it again");
}

#[test]
fn an_invalid_redemption_says_what_does_not_match_and_changes_nothing() {
    type Change = fn(&mut Redemption);
    let cases: [(RedemptionMismatch, Change); 9] = [
        (RedemptionMismatch::Secret, |request| request.digest = Secret::from_bytes([0; 32])),
        (RedemptionMismatch::Client, |request| request.client_id = ClientId::new("other").unwrap()),
        (RedemptionMismatch::Issuer, |request| {
            request.issuer = other_name();
            // With that resource named as well, the issuer still does not match: no client should ask for another resource.
            request.resource = Some(Resource::parse("https://other.example/mcp").unwrap());
        }),
        (RedemptionMismatch::RedirectUri, |request| {
            request.redirect_uri = Some("http://127.0.0.1:5000/callback/".into());
        }),
        (RedemptionMismatch::RedirectUri, |request| request.redirect_uri = Some(String::new())),
        (RedemptionMismatch::Verifier, |request| request.code_challenge = None),
        (RedemptionMismatch::Verifier, |request| {
            request.code_challenge =
                Some(crate::authorize::pkce::CodeVerifier::parse(&"y".repeat(50)).unwrap().challenge());
        }),
        (RedemptionMismatch::Resource, |request| request.resource = Some(private())),
        (RedemptionMismatch::Credentials, |request| request.policy = policy(&[CredentialVersion::from_bytes([9; 8])])),
    ];
    for (mismatch, change) in cases {
        for redeemed_before in [false, true] {
            let mut store = store();
            let right = waiting(&mut store, &random(), START);
            if redeemed_before {
                store.redeem(&right, START, &random()).unwrap().unwrap();
            }
            let before = (store.rows().codes().unwrap(), store.rows().grants().unwrap());
            let mut wrong = right.clone();
            change(&mut wrong);
            let answer = store.redeem(&wrong, START, &random()).unwrap();
            assert_eq!(answer, Err(RedeemError::ParameterMismatch(mismatch)));
            assert_eq!((store.rows().codes().unwrap(), store.rows().grants().unwrap()), before, "{mismatch}");
            if !redeemed_before {
                assert!(
                    store.redeem(&right, START, &random()).unwrap().is_ok(),
                    "the honest client still can: {mismatch}"
                );
            }
        }
    }
}

#[test]
fn resource_and_redirect_uri_may_be_left_out_of_a_redemption() {
    let mut store = store();
    let mut request = waiting(&mut store, &random(), START);
    request.redirect_uri = Some(authorization().redirect_uri);
    request.resource = Some(authorization().resource);
    assert!(store.redeem(&request, START, &random()).unwrap().is_ok());
}

#[test]
fn the_number_of_unredeemed_codes_is_limited() {
    let mut store = store();
    for n in 0..Limits::default().codes {
        waiting(&mut store, &TestRandom::from(n as u64 * 10), START);
    }
    let code = AuthorizationCode::mint(object(), &TestRandom::from(7777));
    let next = PendingCode::new(&code, challenge(), authorization(), START);
    assert_eq!(store.store_code(&next, None, START).unwrap(), Err(StoreCodeError::TooMany));
    assert_eq!(
        store.store_code(&next, None, START.plus(CODE_LIFETIME)).unwrap(),
        Ok(()),
        "until the others have expired"
    );
}

#[test]
fn a_code_that_is_stored_twice_is_redeemed_once_for_the_last_decision() {
    let code = AuthorizationCode::mint(object(), &random());
    let agreed = |scope: &str, now| {
        let authorization = Authorization { scope: ScopeSet::parse(scope).unwrap(), ..authorization() };
        PendingCode::new(&code, challenge(), authorization, now)
    };
    let mut redemption = Redemption::new(&code, GrantId::from_bytes([1; 8]), client(), issuer(), policy(&[VERSION]));
    redemption.code_challenge = Some(challenge());
    for pause in [0, 1, CODE_LIFETIME - 1, CODE_LIFETIME, DAY] {
        let mut store = store();
        let again = START.plus(pause);
        assert_eq!(store.store_code(&agreed("notes:read profile", START), None, START).unwrap(), Ok(()));
        assert_eq!(store.store_code(&agreed("profile", again), None, again).unwrap(), Ok(()), "{pause}");
        assert_eq!(store.rows().codes().unwrap().len(), 1, "{pause}");
        let redeemed = store.redeem(&redemption, again, &random()).unwrap().unwrap();
        assert_eq!(redeemed.authorization.scope.as_str(), "profile", "{pause}");
        for later in [0, 1, CODE_LIFETIME, CODE_LIFETIME + 599] {
            let stored = store.store_code(&agreed("profile", again.plus(later)), None, again.plus(later)).unwrap();
            assert_eq!(stored, Err(StoreCodeError::Redeemed), "{pause}, {later} s after it was redeemed");
        }
        assert!(grant(&store, redeemed.grant).ended().is_none(), "a second click ends nothing");
    }
}

#[test]
fn a_code_that_is_stored_again_replaces_itself() {
    let mut store = store();
    for n in 0..Limits::default().codes {
        waiting(&mut store, &TestRandom::from(n as u64 * 10), START);
    }
    let last = TestRandom::from((Limits::default().codes as u64 - 1) * 10);
    let again = PendingCode::new(&AuthorizationCode::mint(object(), &last), challenge(), authorization(), START);
    assert_eq!(store.store_code(&again, None, START).unwrap(), Ok(()));
}
