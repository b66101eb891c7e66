//! Assertions are used once, give one grant for each client, and end where the owner ends them.

use crate::clients::client_keys::ClientProof;
use crate::external_issuer::assertion_id::AssertionId;
use crate::external_issuer::identity_claims::ClaimsVersion;
use crate::external_issuer::trusted_issuers::TrustedIssuers;
use crate::grants::assertions::commands::{
    AssertedGrant, AssertionRefused, CheckedAssertion, RedeemAssertion, UseClientAssertion,
};
use crate::grants::commands::{EndForOwner, ListForOwner, OwnerAction};
use crate::grants::identity::stored_identity::StoredIdentity;
use crate::grants::rule_tests::*;
use crate::login::admission::{AdmissionPolicy, AssertionAdmission};
use mcp_connector_base::profile::Profile;

const ISSUER: &str = "https://acme.example";

fn trusting() -> AdmissionPolicy {
    let list = r#"[{"issuer":"https://acme.example","clients":["claude","other"]}]"#;
    policy(&[VERSION]).with(&TrustedIssuers::parse(list).unwrap())
}

fn request(number: u64) -> GrantId {
    GrantId::from_bytes(number.to_be_bytes())
}

fn checked(jti: &str, number: u64) -> CheckedAssertion {
    CheckedAssertion { id: AssertionId::of(ISSUER, jti).unwrap(), request: request(number), expires: START.plus(300) }
}

fn asserted(client: &str) -> Authorization {
    let client_id = ClientId::new(client).unwrap();
    let (issuer, tenant) = (ISSUER.to_owned(), None);
    Authorization {
        client_id: client_id.clone(),
        redirect_uri: String::new(),
        admission: Admission::Assertion(AssertionAdmission { issuer, tenant, client_id }),
        ..authorization()
    }
}

fn redeem(
    store: &mut GrantStore<TestRows>,
    assertion: CheckedAssertion,
    client: &str,
    now: Timestamp,
) -> Result<AssertedGrant, AssertionRefused> {
    let identity = StoredIdentity::asserted(Profile::default().with_name(Some("Jane")), ClaimsVersion::default(), now);
    let command = RedeemAssertion { assertion, authorization: asserted(client), identity, policy: trusting() };
    command.carry_out(store, now, &random()).unwrap()
}

fn owner(store: &mut GrantStore<TestRows>, action: OwnerAction, now: Timestamp) -> Vec<GrantId> {
    EndForOwner { subject: Some(subject()), action, policy: trusting() }.carry_out(store, now, &random()).unwrap().ended
}

fn listed(store: &mut GrantStore<TestRows>, now: Timestamp) -> usize {
    ListForOwner { policy: trusting() }.carry_out(store, now, &random()).unwrap().grants.len()
}

fn is_active(store: &mut GrantStore<TestRows>, grant: GrantId, policy: AdmissionPolicy, now: Timestamp) -> bool {
    let check = CheckGrants { grants: vec![grant], policy };
    check.carry_out(store, now, &random()).unwrap().active == [grant]
}

#[test]
fn of_ten_thousand_requests_with_one_assertion_one_wins() {
    let mut store = store();
    let mut winners = 0;
    for number in 0..10_000 {
        match redeem(&mut store, checked("1", number), "claude", START) {
            Ok(_) => winners += 1,
            Err(refused) => assert_eq!(refused, AssertionRefused::Used),
        }
    }
    assert_eq!(winners, 1);
    let mut winners = 0;
    for number in 0..10_000 {
        let used =
            UseClientAssertion(checked("of the client", number)).carry_out(&mut store, START, &random()).unwrap();
        winners += u32::from(used.is_ok());
    }
    assert_eq!(winners, 1);
}

#[test]
fn a_request_that_is_carried_out_again_gets_the_answer_of_the_first_time() {
    let mut store = store();
    let first = redeem(&mut store, checked("1", 1), "claude", START).unwrap();
    let writes = store.rows().writes.get();
    assert_eq!(redeem(&mut store, checked("1", 1), "claude", START.plus(2)), Ok(first));
    assert_eq!(store.rows().writes.get() - writes, 1, "the grant; the assertion is there");
    let command = || UseClientAssertion(checked("2", 7));
    for _ in 0..2 {
        assert_eq!(command().carry_out(&mut store, START, &random()).unwrap(), Ok(()));
    }
}

#[test]
fn an_assertion_is_remembered_until_no_server_accepts_it_any_more() {
    let mut store = store();
    redeem(&mut store, checked("1", 1), "claude", START).unwrap();
    store.sweep(START.plus(300 + 59)).unwrap();
    assert_eq!(redeem(&mut store, checked("1", 2), "claude", START.plus(359)), Err(AssertionRefused::Used));
    store.sweep(START.plus(300 + 60)).unwrap();
    assert!(store.rows().used_assertion(&checked("1", 1).id).unwrap().is_none(), "the row is gone");
}

#[test]
fn a_person_has_a_limited_number_of_used_assertions() {
    let mut store = store();
    for number in 0..1000 {
        redeem(&mut store, checked(&number.to_string(), number), "claude", START).unwrap();
    }
    assert_eq!(redeem(&mut store, checked("more", 1000), "claude", START), Err(AssertionRefused::TooMany));
    assert!(
        redeem(
            &mut store,
            CheckedAssertion { expires: START.plus(700), ..checked("later", 1) },
            "claude",
            START.plus(361)
        )
        .is_ok()
    );
}

#[test]
fn a_client_has_one_grant_however_many_assertions_come() {
    let mut store = store();
    let first = redeem(&mut store, checked("1", 1), "claude", START).unwrap().grant;
    assert_eq!(redeem(&mut store, checked("2", 2), "claude", START.plus(5)).unwrap().grant, first);
    let other = redeem(&mut store, checked("3", 3), "other", START).unwrap().grant;
    assert_ne!(other, first);
    assert_eq!(listed(&mut store, START.plus(5)), 2);
    assert_eq!(grant(&store, first).used_at(), START.plus(5));
}

#[test]
fn the_grant_of_an_assertion_lasts_as_long_as_an_access_token_can() {
    let mut store = store();
    let first = redeem(&mut store, checked("1", 1), "claude", START).unwrap().grant;
    assert!(is_active(&mut store, first, trusting(), START.plus(DAY - 1)));
    assert!(!is_active(&mut store, first, trusting(), START.plus(DAY)));
    assert_eq!(listed(&mut store, START.plus(DAY)), 0);
}

#[test]
fn a_change_of_the_trusted_issuers_ends_what_they_no_longer_admit_and_at_once() {
    let mut store = store();
    let first = redeem(&mut store, checked("1", 1), "claude", START).unwrap().grant;
    for (list, stays) in [
        (r#"[{"issuer":"https://acme.example","clients":["claude"]}]"#, true),
        (r#"[{"issuer":"https://acme.example","public_clients":["claude"]}]"#, true),
        (r#"[{"issuer":"https://acme.example","clients":["other"]}]"#, false),
        (r#"[{"issuer":"https://acme.example","tenant":"eu","clients":["claude"]}]"#, false),
        (r#"[{"issuer":"https://other.example","clients":["claude"]}]"#, false),
        ("", false),
    ] {
        let now = policy(&[VERSION]).with(&TrustedIssuers::parse(list).unwrap());
        assert_eq!(is_active(&mut store, first, now.clone(), START), stays, "{list}");
        let identity = StoredIdentity::asserted(Profile::default(), ClaimsVersion::default(), START);
        let command = RedeemAssertion {
            assertion: checked(&list.len().to_string(), 2),
            authorization: asserted("claude"),
            identity,
            policy: now,
        };
        let answer = command.carry_out(&mut store, START, &random()).unwrap();
        assert_eq!(answer.is_ok(), stays, "{list}");
    }
}

#[test]
fn what_the_owner_ends_no_assertion_opens_again() {
    for (name, action, claude, other) in
        [("one app", None, false, true), ("everything", Some(OwnerAction::EndPerson), false, false)]
    {
        let mut store = store();
        let first = redeem(&mut store, checked("1", 1), "claude", START).unwrap().grant;
        let action = action.unwrap_or(OwnerAction::End { grant: first });
        assert_eq!(owner(&mut store, action, START), [first], "{name}");
        assert!(!is_active(&mut store, first, trusting(), START), "{name}");
        // Years later, after every row that lapses was deleted.
        let later = START.plus(3650 * DAY);
        assert!(store.sweep(later).unwrap().is_some(), "{name}: the end stays");
        let again = |jti, number| CheckedAssertion { expires: later.plus(300), ..checked(jti, number) };
        for (client, opens) in [("claude", claude), ("other", other)] {
            let answer = redeem(&mut store, again(client, 2), client, later).map(drop);
            assert_eq!(answer, if opens { Ok(()) } else { Err(AssertionRefused::Ended) }, "{name}: {client}");
        }
        let overview = ListForOwner { policy: trusting() }.carry_out(&mut store, later, &random()).unwrap();
        assert!(!overview.assertion_ends.is_empty(), "{name}: the owner sees it");
        owner(&mut store, OwnerAction::AdmitAgain, later);
        assert!(redeem(&mut store, again("new", 3), "claude", later).is_ok(), "{name}: the owner takes it back");
    }
}

#[test]
fn a_refused_assertion_is_not_used_up() {
    let mut store = store();
    owner(&mut store, OwnerAction::EndPerson, START);
    assert_eq!(redeem(&mut store, checked("1", 1), "claude", START), Err(AssertionRefused::Ended));
    owner(&mut store, OwnerAction::AdmitAgain, START);
    assert!(redeem(&mut store, checked("1", 2), "claude", START).is_ok());
}

#[test]
fn only_the_owner_keeps_assertions_out_and_only_where_issuers_are_trusted() {
    let mut store = store();
    let first = redeem(&mut store, checked("1", 1), "claude", START).unwrap().grant;
    let end =
        EndGrants { subject: subject(), signed_in_at: START.plus(1), action: AccountAction::End { grant: first } };
    end.carry_out(&mut store, START.plus(1), &random()).unwrap().unwrap();
    let second = redeem(&mut store, checked("2", 2), "claude", START.plus(2)).unwrap().grant;
    assert_ne!(second, first, "the person has ended one grant, and their company has opened another");
    owner(&mut store, OwnerAction::EndPerson, START.plus(2));
    assert_eq!(redeem(&mut store, checked("3", 3), "claude", START.plus(4)), Err(AssertionRefused::Ended));
    let mut bare = crate::grants::model_tests::store();
    let end = EndForOwner { subject: Some(subject()), action: OwnerAction::EndPerson, policy: policy(&[VERSION]) };
    end.carry_out(&mut bare, START, &random()).unwrap();
    assert_eq!(bare.rows().assertion_ends().unwrap(), None);
}

#[test]
fn a_client_that_the_owner_ends_for_everybody_loses_the_grants_of_assertions() {
    let mut store = store();
    let first = redeem(&mut store, checked("1", 1), "claude", START).unwrap().grant;
    let end = EndClientGrants { client: ClientHash::of(&ClientId::new("claude").unwrap()) };
    assert_eq!(end.carry_out(&mut store, START, &random()).unwrap().ended, [first]);
}

#[test]
fn an_assertion_does_not_replace_what_a_sign_in_has_said_of_the_person() {
    let (mut store, signed_in) = one();
    let of_sign_in = StoredIdentity::asserted(
        Profile::default().with_name(Some("Jane")).with_groups(["staff"]),
        ClaimsVersion::default(),
        START,
    );
    store.store_identity(of_sign_in).unwrap();
    let profile = redeem(&mut store, checked("1", 1), "claude", START).unwrap().profile.unwrap();
    assert_eq!(profile.groups(), ["staff"]);
    store.revoke(signed_in.grant, START).unwrap();
    let profile = redeem(&mut store, checked("2", 2), "claude", START).unwrap().profile.unwrap();
    assert!(profile.groups().is_empty(), "what the sign-in has said counts no more");
}

#[test]
fn the_first_use_of_an_assertion_is_recorded_and_then_one_a_day() {
    let mut store = store();
    let first = redeem(&mut store, checked("1", 1), "claude", START).unwrap().grant;
    let due = |store: &GrantStore<TestRows>, now| store.client_use_to_record(first, now).unwrap();
    let to_record = due(&store, START).unwrap();
    assert_eq!(to_record.authorization.client_id.as_str(), "claude");
    store.set_use_recorded(first, START).unwrap();
    assert!(due(&store, START.plus(DAY - 1)).is_none());
    assert!(due(&store, START.plus(DAY)).is_some());
}

#[test]
fn a_grant_of_a_client_that_signs_is_not_used_without_its_signature() {
    let mut store = store();
    let mut redemption = waiting(&mut store, &random(), START);
    redemption.client_proof = ClientProof::PrivateKeyJwt;
    let redeemed = store.redeem(&redemption, START, &random()).unwrap().unwrap();
    assert_eq!(redeemed.authorization.client_proof, ClientProof::PrivateKeyJwt, "the grant has it from then on");
    let mut request = after_redemption(&redemption, &redeemed);
    assert_eq!(refresh(&mut store, &request, START), Err(RefreshError::ClientProof));
    assert!(grant(&store, redeemed.grant).ended().is_none(), "that harms nobody");
    for (proof, ends) in [(ClientProof::SecretOrNone, 0), (ClientProof::PrivateKeyJwt, 1)] {
        let mut copy = GrantStore::new(store.rows().clone(), Limits::default());
        let command = RevokeForClient { grant: redeemed.grant, client_id: client(), client_proof: proof };
        assert_eq!(command.carry_out(&mut copy, START, &random()).unwrap().ended.len(), ends, "{proof:?}");
    }
    request.client_proof = ClientProof::PrivateKeyJwt;
    assert!(refresh(&mut store, &request, START).is_ok());
}

fn after_redemption(redemption: &Redemption, redeemed: &crate::grants::codes::redemption::Redeemed) -> RefreshRequest {
    let token = crate::grants::refresh::refresh_token::RefreshToken::new(
        object(),
        redeemed.grant,
        redeemed.generation,
        redeemed.proof.clone(),
    );
    RefreshRequest::new(&token, redemption.client_id.clone(), issuer(), policy(&[VERSION]))
}
