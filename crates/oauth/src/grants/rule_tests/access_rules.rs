//! What the settings require beside a sign-in: groups, clients, the lives of grants and keys. Each rule holds for what exists already.

use mcp_connector_base::profile::Profile;

use crate::external_issuer::assertion_id::AssertionId;
use crate::external_issuer::identity_claims::ClaimsVersion;
use crate::external_issuer::trusted_issuers::TrustedIssuers;
use crate::grants::access_keys::key_store::StoreKeyError;
use crate::grants::assertions::commands::{AssertionRefused, CheckedAssertion, RedeemAssertion};
use crate::grants::commands::ListForOwner;
use crate::grants::identity::stored_identity::StoredIdentity;
use crate::grants::rule_tests::access_keys::key;
use crate::grants::rule_tests::*;
use crate::login::access_rules::{AccessKeyRule, AccessRules};
use crate::login::admission::{AdmissionPolicy, AssertionAdmission};
use crate::login::required_groups::RequiredGroups;
use crate::web::allowed_clients::{AllowedClients, ClientHosts, LocalClients};

const HOUR: u64 = 3600;
const ISSUER: &str = "https://acme.example";

fn ruled(rules: &AccessRules) -> AdmissionPolicy {
    policy(&[VERSION]).restricted_by(rules)
}

fn for_staff() -> AccessRules {
    AccessRules { groups: RequiredGroups::parse(r#"{"/mcp": ["staff"]}"#).unwrap(), ..AccessRules::NONE }
}

fn of_hosts(hosts: &str, local: Option<LocalClients>) -> AccessRules {
    AccessRules { clients: AllowedClients::new(Some(ClientHosts::parse(hosts).unwrap()), local), ..AccessRules::NONE }
}

fn keys(rule: AccessKeyRule) -> AccessRules {
    AccessRules { keys: rule, ..AccessRules::NONE }
}

/// Stores that the person is in a group.
fn in_group(store: &mut GrantStore<TestRows>, group: &str) {
    let profile = Profile::default().with_groups([group]);
    store.store_identity(StoredIdentity::asserted(profile, ClaimsVersion::default(), START)).unwrap();
}

fn is_active(store: &mut GrantStore<TestRows>, grant: GrantId, rules: &AccessRules, now: Timestamp) -> bool {
    store.check_grants(vec![grant], &ruled(rules), now).unwrap().active == [grant]
}

fn refreshed(
    store: &mut GrantStore<TestRows>,
    request: &RefreshRequest,
    rules: &AccessRules,
) -> Result<Renewal, RefreshError> {
    let request = RefreshRequest { policy: ruled(rules), ..request.clone() };
    store.refresh(&request, START.plus(60)).unwrap().answer
}

#[test]
fn a_code_gives_nothing_to_a_person_without_the_group_and_stays_for_one_who_gets_it() {
    let mut store = store();
    let request = Redemption { policy: ruled(&for_staff()), ..waiting(&mut store, &random(), START) };
    let refused = Err(RedeemError::ParameterMismatch(RedemptionMismatch::Credentials));
    assert_eq!(store.redeem(&request, START, &random()).unwrap(), refused, "nothing is known of the person");
    in_group(&mut store, "sales");
    assert_eq!(store.redeem(&request, START, &random()).unwrap(), refused);
    in_group(&mut store, "staff");
    assert!(store.redeem(&request, START, &random()).unwrap().is_ok());
}

#[test]
fn a_refresh_after_the_group_was_lost_ends_the_grant() {
    let (mut store, request) = one();
    in_group(&mut store, "staff");
    let renewal = refreshed(&mut store, &request, &for_staff()).unwrap();
    in_group(&mut store, "sales");
    let request = after(&request, &renewal);
    assert_eq!(refreshed(&mut store, &request, &for_staff()), Err(RefreshError::CredentialsChanged));
    assert_eq!(grant(&store, request.grant).ended().unwrap().reason, EndReason::CredentialsChanged);
    in_group(&mut store, "staff");
    assert_eq!(refreshed(&mut store, &request, &for_staff()), Err(RefreshError::Ended), "it stays ended");
}

#[test]
fn a_retry_of_a_refresh_does_not_bring_back_what_the_group_gave() {
    let (mut store, request) = one();
    in_group(&mut store, "staff");
    refreshed(&mut store, &request, &for_staff()).unwrap();
    in_group(&mut store, "sales");
    assert_eq!(refreshed(&mut store, &request, &for_staff()), Err(RefreshError::CredentialsChanged));
}

#[test]
fn a_look_at_a_grant_refuses_who_lost_the_group_and_the_lists_leave_it_out() {
    let (mut store, request) = one();
    assert!(is_active(&mut store, request.grant, &AccessRules::NONE, START));
    for (group, has_access) in [("staff", true), ("sales", false), ("staff", true)] {
        in_group(&mut store, group);
        assert_eq!(is_active(&mut store, request.grant, &for_staff(), START), has_access, "{group}");
        let list = ListForOwner { policy: ruled(&for_staff()) };
        let listed = list.carry_out(&mut store, START, &random()).unwrap().grants.len();
        assert_eq!(listed, usize::from(has_access), "{group}");
    }
    in_group(&mut store, "sales");
    let elsewhere =
        AccessRules { groups: RequiredGroups::parse(r#"{"/private/mcp": ["staff"]}"#).unwrap(), ..AccessRules::NONE };
    assert!(is_active(&mut store, request.grant, &elsewhere, START), "another endpoint");
}

#[test]
fn groups_that_were_read_by_an_earlier_setting_are_none() {
    let (mut store, request) = one();
    in_group(&mut store, "staff");
    let claims = crate::external_issuer::identity_claims::IdentityClaims::parse("groups=teams").unwrap().version();
    let mut store = store.with_claims(claims);
    assert!(!is_active(&mut store, request.grant, &for_staff(), START));
}

#[test]
fn an_assertion_of_a_person_without_the_group_is_refused_and_not_used_up() {
    let mut store = store();
    let trusted = TrustedIssuers::parse(r#"[{"issuer":"https://acme.example","clients":["claude"]}]"#).unwrap();
    let policy = policy(&[VERSION]).with(&trusted).restricted_by(&for_staff());
    let mut redeem = |group: &str, writes: usize| {
        let client_id = ClientId::new("claude").unwrap();
        let admission = AssertionAdmission { issuer: ISSUER.to_owned(), tenant: None, client_id: client_id.clone() };
        let admission = Admission::Assertion(admission);
        let profile = Profile::default().with_groups([group]);
        let command = RedeemAssertion {
            assertion: CheckedAssertion {
                id: AssertionId::of(ISSUER, "1").unwrap(),
                request: GrantId::from_bytes([9; 8]),
                expires: START.plus(300),
            },
            authorization: Authorization { client_id, redirect_uri: String::new(), admission, ..authorization() },
            identity: StoredIdentity::asserted(profile, ClaimsVersion::default(), START),
            policy: policy.clone(),
        };
        let before = store.rows().writes.get();
        let answer = command.carry_out(&mut store, START, &random()).unwrap();
        assert_eq!(store.rows().writes.get() - before, writes, "{group}");
        answer.map(|asserted| asserted.profile.unwrap().groups().to_vec())
    };
    assert_eq!(redeem("sales", 0), Err(AssertionRefused::Group));
    assert_eq!(redeem("staff", 3), Ok(vec!["staff".to_owned()]), "the assertion, the person and the grant");
}

#[test]
fn a_client_from_before_the_rule_has_no_access_once_its_host_is_not_allowed() {
    let hosts = "app.example";
    for (redirect_uri, local, stays) in [
        ("https://app.example/cb", None, true),
        ("https://app.example.evil.example/cb", None, false),
        ("http://127.0.0.1:5000/callback", None, false),
        ("http://127.0.0.1:5000/callback", Some(LocalClients::Allowed), true),
        ("cursor://anysphere.cursor-mcp/oauth/callback", None, false),
    ] {
        let mut store = store();
        let agreed = Authorization { redirect_uri: redirect_uri.into(), ..authorization() };
        let redemption = waiting_for(&mut store, agreed, &random(), START);
        let rules = of_hosts(hosts, local);
        let under_the_rule = Redemption { policy: ruled(&rules), ..redemption.clone() };
        let refused = Err(RedeemError::ParameterMismatch(RedemptionMismatch::Credentials));
        if !stays {
            assert_eq!(store.redeem(&under_the_rule, START, &random()).unwrap(), refused, "{redirect_uri}");
        }
        let redeemed = store.redeem(&redemption, START, &random()).unwrap().unwrap();
        assert_eq!(is_active(&mut store, redeemed.grant, &rules, START), stays, "{redirect_uri}");
        let request = RefreshRequest {
            grant: redeemed.grant,
            generation: redeemed.generation,
            proof: redeemed.proof,
            client_id: client(),
            client_proof: redeemed.authorization.client_proof,
            issuer: issuer(),
            connectors: Vec::new(),
            scope: None,
            resource: None,
            from: Some(HOME),
            policy: policy(&[VERSION]),
        };
        assert_eq!(refreshed(&mut store, &request, &rules).is_ok(), stays, "{redirect_uri}");
    }
}

#[test]
fn a_key_from_before_keys_were_off_gives_nothing_and_none_is_made() {
    let mut store = store();
    let (secret, row) = key(1);
    assert_eq!(store.store_key(&row, &policy(&[VERSION]), START).unwrap(), Ok(()));
    let off = ruled(&keys(AccessKeyRule::Off));
    let mut use_key =
        |policy: &AdmissionPolicy, now| store.use_key(secret.id(), &secret.digest(), policy, now).unwrap();
    assert!(use_key(&off, START).is_none());
    assert!(use_key(&policy(&[VERSION]), START).is_some());
    assert!(!is_active(&mut store, row.id(), &keys(AccessKeyRule::Off), START));
    assert!(store.list_keys(&off, START).unwrap().is_empty());
    assert_eq!(store.store_key(&key(2).1, &off, START).unwrap(), Err(StoreKeyError::NotAdmitted));
}

#[test]
fn a_key_from_before_a_shorter_life_ends_as_early_as_a_new_one() {
    let mut store = store();
    let (_, row) = key(1);
    assert_eq!(store.store_key(&row, &policy(&[VERSION]), START).unwrap(), Ok(()));
    let week = keys(AccessKeyRule::UpTo { days: 7 });
    assert!(is_active(&mut store, row.id(), &week, START.plus(7 * DAY - 1)));
    assert!(!is_active(&mut store, row.id(), &week, START.plus(7 * DAY)));
    assert!(is_active(&mut store, row.id(), &AccessRules::NONE, START.plus(7 * DAY)), "it was made for a month");
    assert_eq!(store.list_keys(&ruled(&week), START).unwrap()[0].expires, START.plus(7 * DAY), "what the page says");
}

#[test]
fn a_key_gives_nothing_at_an_endpoint_whose_group_its_person_lacks() {
    let mut store = store();
    let (secret, row) = key(1);
    let staff = ruled(&for_staff());
    assert_eq!(store.store_key(&row, &staff, START).unwrap(), Err(StoreKeyError::NotAdmitted));
    in_group(&mut store, "staff");
    assert_eq!(store.store_key(&row, &staff, START).unwrap(), Ok(()));
    for (group, has_access) in [("sales", false), ("staff", true)] {
        in_group(&mut store, group);
        assert_eq!(is_active(&mut store, row.id(), &for_staff(), START), has_access, "{group}");
        let used = store.use_key(secret.id(), &secret.digest(), &staff, START).unwrap();
        assert_eq!(used.is_some(), has_access, "{group}");
    }
}

#[test]
fn a_grant_ends_when_the_longest_life_or_the_longest_pause_of_the_settings_is_over() {
    let limits = Limits { absolute: 12 * HOUR, idle: 2 * HOUR, ..Limits::default() };
    let mut store = GrantStore::new(TestRows::default(), limits);
    let mut request = granted(&mut store, &random(), START);
    assert!(is_active(&mut store, request.grant, &AccessRules::NONE, START.plus(2 * HOUR - 1)));
    assert!(!is_active(&mut store, request.grant, &AccessRules::NONE, START.plus(2 * HOUR)), "never used");
    for hour in 1..12 {
        request = after(&request, &refresh(&mut store, &request, START.plus(hour * HOUR)).unwrap());
    }
    assert!(is_active(&mut store, request.grant, &AccessRules::NONE, START.plus(12 * HOUR - 1)));
    assert!(!is_active(&mut store, request.grant, &AccessRules::NONE, START.plus(12 * HOUR)));
    assert_eq!(refresh(&mut store, &request, START.plus(12 * HOUR)), Err(RefreshError::Expired));
}
