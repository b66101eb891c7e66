//! What an identity provider says, beside the grants: when it is renewed, and what follows.

use mcp_connector_base::profile::{EmailSource, Profile};

use crate::crypto::at_rest::EncryptedSecret;
use crate::grants::checked::CheckedGrants;
use crate::grants::identity::renewal::{RenewalOutcome, RenewedPerson};
use crate::grants::identity::stored_identity::StoredIdentity;
use crate::grants::rule_tests::*;
use crate::login::account::Account;
use crate::login::admission::AdmissionPolicy;
use crate::login::allowed_users::AllowedUsers;
use crate::login::disallowed_user::EmailTrust;
use crate::testing::test_keys::ring;
use crate::web::discovery::ExternalIssuer;

fn identity(group: &str, token: Option<&str>) -> StoredIdentity {
    let encrypted = |token| EncryptedSecret::new(token, b"jane", ring(1).storage(), &random()).unwrap();
    let profile = Profile::default().with_groups([group]);
    StoredIdentity { profile, renewed_at: START, refresh_token: token.map(encrypted) }
}

fn token(store: &GrantStore<TestRows>) -> Option<String> {
    let encrypted = store.rows().identity().unwrap()?.refresh_token?;
    encrypted.decrypt(b"jane", ring(1).storage())
}

fn check(store: &mut GrantStore<TestRows>, grant: GrantId, now: Timestamp) -> CheckedGrants {
    store.check_grants(vec![grant], &policy(&[VERSION]), now).unwrap()
}

#[test]
fn a_look_at_a_grant_brings_what_the_identity_provider_said_last() {
    let (mut store, request) = one();
    assert_eq!(check(&mut store, request.grant, START).profile, None, "a passphrase says nothing");
    for group in ["staff", "sales"] {
        store.store_identity(identity(group, None)).unwrap();
        assert_eq!(check(&mut store, request.grant, START).profile.unwrap().groups(), [group]);
    }
    store.revoke(request.grant, START).unwrap();
    assert_eq!(check(&mut store, request.grant, START), CheckedGrants::default(), "of an ended grant nothing is told");
}

#[test]
fn a_sign_in_without_a_refresh_token_keeps_the_last_one_of_the_provider() {
    let (mut store, _) = one();
    for (sent, stored) in [(Some("first"), "first"), (None, "first"), (Some("second"), "second")] {
        store.store_identity(identity("staff", sent)).unwrap();
        assert_eq!(token(&store).as_deref(), Some(stored));
    }
}

#[test]
fn the_provider_is_asked_before_a_rotation_and_for_no_other_request() {
    let (mut store, request) = one();
    let later = START.plus(60);
    let is_due = |store: &GrantStore<TestRows>, request: &RefreshRequest, now| {
        store.due_renewal(request, now, now).unwrap().is_some()
    };
    assert!(!is_due(&store, &request, later), "nothing is stored");
    store.store_identity(identity("staff", None)).unwrap();
    assert!(!is_due(&store, &request, later), "the provider has given no refresh token");
    store.store_identity(identity("staff", Some("theirs"))).unwrap();
    assert!(is_due(&store, &request, later));
    let forged = RefreshRequest { proof: Secret::from_bytes([0; 32]), ..request.clone() };
    let unknown = RefreshRequest { grant: GrantId::from_bytes([9; 8]), ..request.clone() };
    let not_admitted = RefreshRequest { policy: policy(&[]), ..request.clone() };
    for (name, request) in [("forged", forged), ("unknown", unknown), ("not admitted", not_admitted)] {
        assert!(!is_due(&store, &request, later), "{name}");
    }
    assert!(store.due_renewal(&request, START.minus(1), later).unwrap().is_none(), "another request has renewed it");
    refresh(&mut store, &request, later).unwrap();
    assert!(!is_due(&store, &request, later.plus(1)), "a retry");
}

#[test]
fn what_the_provider_says_at_a_refresh_counts_from_it_on() {
    let (mut store, request) = one();
    store.store_identity(identity("staff", Some("theirs"))).unwrap();
    let person = RenewedPerson {
        identity: identity("sales", Some("next")),
        display_name: Some("Jane".into()),
        admission: Admission::Version(VERSION),
    };
    store.take_renewal(request.grant, RenewalOutcome::Renewed(Box::new(person)), START).unwrap();
    let renewal = refresh(&mut store, &request, START).unwrap();
    assert_eq!(renewal.authorization.display_name.as_deref(), Some("Jane"));
    assert_eq!(renewal.profile.unwrap().groups(), ["sales"]);
    assert_eq!(token(&store).as_deref(), Some("next"), "a rotated token");
}

#[test]
fn an_outage_of_the_provider_ends_nothing_and_a_disabled_person_loses_everything() {
    let both = |store: &mut GrantStore<TestRows>| {
        let other = granted(store, &TestRandom::from(2), START);
        store.store_identity(identity("staff", Some("theirs"))).unwrap();
        let (_, key) = access_keys::key(1);
        assert!(store.store_key(&key, &policy(&[VERSION]), START).unwrap().is_ok());
        (other, key.id())
    };
    for (outcome, refused, other_stays) in [
        (RenewalOutcome::Unknown, None, true),
        (RenewalOutcome::NotAllowed, Some(RefreshError::Ended), true),
        (RenewalOutcome::Ended, Some(RefreshError::Ended), false),
    ] {
        let (mut store, request) = one();
        let (other, key) = both(&mut store);
        let name = format!("{outcome:?}");
        store.take_renewal(request.grant, outcome, START.plus(1)).unwrap();
        assert_eq!(refresh(&mut store, &request, START.plus(1)).err(), refused, "{name}");
        assert_eq!(refresh(&mut store, &other, START.plus(1)).is_ok(), other_stays, "{name}");
        let keys = store.check_grants(vec![key], &policy(&[VERSION]), START.plus(1)).unwrap();
        assert_eq!(!keys.active.is_empty(), other_stays, "{name}");
        assert_eq!(store.has_signed_out_since(START).unwrap(), !other_stays, "{name}: the account page");
    }
}

#[test]
fn a_sign_in_of_an_earlier_version_says_what_its_account_says() {
    let issuer = ExternalIssuer::parse("https://id.example").unwrap();
    let account = Account::new(&issuer, "1", Some("jane"), Some("jane@example.com")).unwrap();
    let allowed = |email| AdmissionPolicy::Accounts {
        issuer: "https://id.example".into(),
        allowed: AllowedUsers::parse("*").unwrap(),
        email,
        settings: Vec::new(),
    };
    for (admission, trust, email) in [
        (Admission::Account(account.clone()), EmailTrust::VerifiedOnly, Some("jane@example.com")),
        (Admission::AccountWithTrustedEmail(account.clone()), EmailTrust::Trusted, Some("jane@example.com")),
        (Admission::AccountWithTrustedEmail(account), EmailTrust::VerifiedOnly, None),
    ] {
        let mut store = store();
        let agreed = Authorization { admission, ..authorization() };
        let grant = Grant::new(GrantId::from_bytes([1; 8]), agreed, Secret::from_bytes([1; 32]), START);
        let mut rows = store.rows().clone();
        rows.put_grant(&grant, START.plus(DAY)).unwrap();
        store = GrantStore::new(rows, Limits::default());
        let profile = store.check_grants(vec![grant.id()], &allowed(trust), START).unwrap().profile.unwrap();
        assert_eq!((profile.email(), profile.login()), (email, Some("jane")), "{trust:?}");
    }
    let trusted = Profile::default().with_email(Some("a@example.com"), EmailSource::Owner);
    assert_eq!(allowed(EmailTrust::VerifiedOnly).trusted(trusted).email(), None);
}

#[test]
fn what_a_provider_said_is_forgotten_with_the_last_grant() {
    let (mut store, request) = one();
    store.store_identity(identity("staff", Some("theirs"))).unwrap();
    store.sweep(START.plus(DAY)).unwrap();
    assert!(store.rows().identity().unwrap().is_some(), "the grant is live");
    store.revoke(request.grant, START).unwrap();
    store.sweep(START.plus(DAY)).unwrap();
    assert!(store.rows().identity().unwrap().is_none());
}
