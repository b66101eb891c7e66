//! What an identity provider says, beside the grants: when it is renewed, and what follows.

use mcp_connector_base::profile::{EmailSource, Profile};

use crate::crypto::at_rest::EncryptedSecret;
use crate::external_issuer::identity_claims::{ClaimsVersion, IdentityClaims};
use crate::grants::access_keys::commands::UseAccessKey;
use crate::grants::checked::CheckedGrants;
use crate::grants::identity::renewal::{DueRenewal, RenewalOutcome, RenewedPerson, TokenRefreshOutcome};
use crate::grants::identity::stored_identity::StoredIdentity;
use crate::grants::rule_tests::*;
use crate::login::account::Account;
use crate::login::admission::AdmissionPolicy;
use crate::login::allowed_users::AllowedUsers;
use crate::login::disallowed_user::EmailTrust;
use crate::testing::test_keys::ring;
use crate::web::discovery::ExternalIssuer;

fn identity(group: &str, token: Option<&str>) -> StoredIdentity {
    let (profile, claims) = (Profile::default().with_groups([group]), ClaimsVersion::default());
    StoredIdentity { profile, renewed_at: START, refresh_token: token.map(encrypted), token_refresh: None, claims }
}

fn encrypted(token: &str) -> EncryptedSecret {
    EncryptedSecret::new(token, b"jane", ring(1).storage(), &random()).unwrap()
}

/// Begins an exchange before a refresh.
fn begun(store: &mut GrantStore<TestRows>, request: &RefreshRequest, now: Timestamp) -> DueRenewal {
    let due = store.due_renewal(request, now, now).unwrap().unwrap();
    store.begin_token_refresh(&due, now).unwrap();
    due
}

/// An exchange, from its begin to its outcome.
fn token_refresh(
    store: &mut GrantStore<TestRows>,
    request: &RefreshRequest,
    outcome: TokenRefreshOutcome,
    now: Timestamp,
) {
    let due = begun(store, request, now);
    store.take_token_refresh(&due, outcome, now).unwrap();
}

/// A store with two grants and a key, of a person whose provider gives refresh tokens.
fn two_and_a_key() -> (GrantStore<TestRows>, RefreshRequest, RefreshRequest, GrantId) {
    let (mut store, request) = one();
    let other = granted(&mut store, &TestRandom::from(2), START);
    store.store_identity(identity("staff", Some("theirs"))).unwrap();
    let (_, key) = access_keys::key(1);
    assert!(store.store_key(&key, &policy(&[VERSION]), START).unwrap().is_ok());
    (store, request, other, key.id())
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

fn says(group: &str, renewed_at: Timestamp) -> RenewalOutcome {
    RenewalOutcome::Renewed(Box::new(RenewedPerson {
        identity: StoredIdentity { renewed_at, ..identity(group, None) },
        display_name: Some("Jane".into()),
        admission: Admission::Version(VERSION),
    }))
}

#[test]
fn what_the_provider_says_at_a_refresh_counts_from_it_on() {
    let (mut store, request) = one();
    store.store_identity(identity("staff", Some("theirs"))).unwrap();
    let due = begun(&mut store, &request, START);
    store.take_token_refresh(&due, TokenRefreshOutcome::Redeemed(Some(encrypted("next"))), START).unwrap();
    store.take_renewal(&due, says("sales", START), START).unwrap();
    let renewal = refresh(&mut store, &request, START).unwrap();
    assert_eq!(renewal.authorization.display_name.as_deref(), Some("Jane"));
    assert_eq!(renewal.profile.unwrap().groups(), ["sales"]);
    assert_eq!(token(&store).as_deref(), Some("next"), "a rotated token");
}

#[test]
fn a_rotated_token_of_the_provider_stays_where_it_says_nothing_about_the_person() {
    for outcome in [RenewalOutcome::Unknown, RenewalOutcome::NotAllowed] {
        let (mut store, request, other, _) = two_and_a_key();
        let due = begun(&mut store, &request, START);
        store.take_token_refresh(&due, TokenRefreshOutcome::Redeemed(Some(encrypted("next"))), START).unwrap();
        assert_eq!(token(&store).as_deref(), Some("next"), "before the person is asked about");
        store.take_renewal(&due, outcome, START).unwrap();
        assert_eq!(token(&store).as_deref(), Some("next"));
        assert_eq!(check(&mut store, other.grant, START).profile.unwrap().groups(), ["staff"], "the last profile");
    }
    let (mut store, request) = one();
    store.store_identity(identity("staff", Some("theirs"))).unwrap();
    token_refresh(&mut store, &request, TokenRefreshOutcome::Redeemed(None), START);
    assert_eq!(token(&store).as_deref(), Some("theirs"), "a provider that does not rotate");
}

#[test]
fn an_exchange_does_not_touch_the_token_of_a_sign_in_that_happened_meanwhile() {
    for outcome in [
        TokenRefreshOutcome::Redeemed(Some(encrypted("next"))),
        TokenRefreshOutcome::Refused,
        TokenRefreshOutcome::Unused,
    ] {
        let (mut store, request, _, key) = two_and_a_key();
        let due = begun(&mut store, &request, START);
        store.store_identity(identity("staff", Some("of the sign-in"))).unwrap();
        store.take_token_refresh(&due, outcome, START).unwrap();
        assert_eq!(token(&store).as_deref(), Some("of the sign-in"));
        assert!(refresh(&mut store, &request, START).is_ok());
        assert_eq!(check(&mut store, key, START).active, [key]);
    }
}

#[test]
fn an_outage_of_the_provider_ends_nothing_and_a_disabled_person_loses_everything() {
    for (outcome, stays) in
        [(TokenRefreshOutcome::Unused, true), (TokenRefreshOutcome::Lost, true), (TokenRefreshOutcome::Refused, false)]
    {
        let (mut store, request, other, key) = two_and_a_key();
        let (name, later) = (format!("{outcome:?}"), START.plus(1));
        token_refresh(&mut store, &request, outcome, later);
        for request in [request, other] {
            assert_eq!(refresh(&mut store, &request, later).is_ok(), stays, "{name}");
        }
        assert_eq!(!check(&mut store, key, later).active.is_empty(), stays, "{name}");
        assert_eq!(store.has_signed_out_since(START).unwrap(), !stays, "{name}: the account page");
        assert_eq!(token(&store).is_some(), stays, "{name}");
    }
}

#[test]
fn a_refusal_after_a_lost_answer_ends_the_sign_ins_and_spares_the_keys() {
    use TokenRefreshOutcome::{Lost, Redeemed, Refused, Unused};
    for (name, before, spares) in [
        ("lost", vec![Lost], true),
        ("lost, then not sent", vec![Lost, Unused], true),
        ("not sent", vec![Unused], false),
        ("lost, then read", vec![Lost, Redeemed(None)], false),
        ("lost, then rotated", vec![Lost, Redeemed(Some(encrypted("next")))], false),
    ] {
        let (mut store, request, other, key) = two_and_a_key();
        for outcome in before {
            token_refresh(&mut store, &request, outcome, START);
        }
        token_refresh(&mut store, &request, Refused, START);
        for request in [request, other] {
            assert_eq!(refresh(&mut store, &request, START).err(), Some(RefreshError::Ended), "{name}");
        }
        assert!(store.has_signed_out_since(START).unwrap(), "{name}: the account page");
        let seen = check(&mut store, key, START);
        assert_eq!(!seen.active.is_empty(), spares, "{name}");
        assert_eq!(seen.profile.is_some(), spares, "{name}: the last profile");
        assert_eq!(token(&store), None, "{name}: it is not sent again");
    }
}

#[test]
fn who_is_not_allowed_any_more_loses_the_sign_in_that_asks_and_every_access_key() {
    let (mut store, request, other, key) = two_and_a_key();
    let due = begun(&mut store, &request, START);
    store.take_renewal(&due, RenewalOutcome::NotAllowed, START).unwrap();
    assert_eq!(refresh(&mut store, &request, START).err(), Some(RefreshError::Ended));
    assert!(refresh(&mut store, &other, START).is_ok(), "it asks for itself");
    assert!(check(&mut store, key, START).active.is_empty());
}

#[test]
fn an_access_key_asks_the_provider_once_an_hour() {
    let (mut store, _, other, _) = two_and_a_key();
    let (key, row) = access_keys::key(1);
    let used = UseAccessKey::new(&key, policy(&[VERSION]));
    let look = |ids: &[GrantId]| CheckGrants { grants: ids.to_vec(), policy: policy(&[VERSION]) };
    let is_due = |store: &GrantStore<TestRows>, now| {
        let due = store.due_renewal_of_key(&used, now).unwrap();
        assert_eq!(due, store.due_renewal_of_keys(&look(&[other.grant, row.id()]), now).unwrap());
        due
    };
    let hour = START.plus(3600);
    assert_eq!(is_due(&store, START.plus(3599)), None, "the sign-in has just told");
    let due = is_due(&store, hour).unwrap();
    assert_eq!((&due.subject, due.grant), (row.subject(), None));
    let forged = UseAccessKey { digest: Secret::from_bytes([0; 32]), ..used.clone() };
    let not_admitted = UseAccessKey { policy: policy(&[]), ..used.clone() };
    for (name, used) in [("forged", forged), ("not admitted", not_admitted)] {
        assert_eq!(store.due_renewal_of_key(&used, hour).unwrap(), None, "{name}");
    }
    assert_eq!(
        store.due_renewal_of_keys(&look(&[other.grant]), hour).unwrap(),
        None,
        "a grant is renewed at its refresh"
    );

    store.begin_token_refresh(&due, hour).unwrap();
    assert_eq!(is_due(&store, hour.plus(3599)), None, "an outage is not asked again at each call");
    let due = is_due(&store, hour.plus(3600)).unwrap();
    let now = hour.plus(3600);
    store.begin_token_refresh(&due, now).unwrap();
    store.take_token_refresh(&due, TokenRefreshOutcome::Redeemed(Some(encrypted("next"))), now).unwrap();
    store.take_renewal(&due, says("sales", now), now).unwrap();
    assert_eq!(check(&mut store, row.id(), now).profile.unwrap().groups(), ["sales"]);
    assert_eq!(is_due(&store, now.plus(3599)), None);
    let due = is_due(&store, now.plus(3600)).unwrap();
    store.take_renewal(&due, RenewalOutcome::NotAllowed, now).unwrap();
    assert!(check(&mut store, row.id(), now).active.is_empty());
    assert!(refresh(&mut store, &other, now).is_ok(), "a sign-in asks for itself");
}

#[test]
fn groups_that_another_setting_has_read_are_not_told_until_they_are_renewed() {
    let setting = IdentityClaims::parse("groups=teams department").unwrap().version();
    assert_eq!(setting, IdentityClaims::parse("department\ngroups=teams").unwrap().version(), "the order");
    let (store, request) = one();
    let mut store = store.with_claims(setting);
    let department = serde_json::json!("d");
    let profile = Profile::default()
        .with_name(Some("Jane"))
        .with_groups(["staff"])
        .with_roles(["admin"])
        .with_claims([("department", &department)]);
    for (claims, is_told) in [
        (ClaimsVersion::default(), false),
        (IdentityClaims::parse("groups department").unwrap().version(), false),
        (IdentityClaims::parse("groups=teams").unwrap().version(), false),
        (setting, true),
    ] {
        let known = StoredIdentity { profile: profile.clone(), claims, ..identity("staff", None) };
        store.store_identity(known).unwrap();
        let seen = check(&mut store, request.grant, START).profile.unwrap();
        let told = [!seen.groups().is_empty(), !seen.roles().is_empty(), seen.has_claim("department")];
        assert_eq!((seen.name(), told), (Some("Jane"), [is_told; 3]), "{claims:?}");
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
