//! Access keys: how many, how long, what ends them.

use crate::crypto::opaque::ObjectName;
use crate::grants::access_keys::access_key::AccessKey;
use crate::grants::access_keys::commands::{StoreAccessKey, UseAccessKey};
use crate::grants::access_keys::key_store::StoreKeyError;
use crate::grants::access_keys::new_access_key::{KeyLifetime, KeyName, NewAccessKey};
use crate::grants::access_keys::stored_key::StoredKey;
use crate::grants::rule_tests::*;
use crate::login::person::Person;

const MONTH: u64 = 30 * DAY;
const OTHER: CredentialVersion = CredentialVersion::from_bytes([2; 8]);

fn person() -> Person {
    let subject = authorization().subject;
    Person { subject, display_name: Some("Zoë".into()), admission: Admission::Version(VERSION), identity: None }
}

/// The key with this number, and its row.
pub(super) fn key(number: u8) -> (AccessKey, StoredKey) {
    let id = GrantId::from_bytes([number; 8]);
    let key = AccessKey::mint(ObjectName::of(&person().subject), id, &TestRandom::from(u64::from(number) + 100));
    let wanted = NewAccessKey {
        id,
        name: KeyName::parse("n8n").unwrap(),
        resource: Resource::parse("https://host.example/mcp").unwrap(),
        scope: scope("notes:read"),
        lifetime: KeyLifetime::of_days("30", 365).unwrap(),
    };
    let row = StoredKey::new(&key, wanted, &person(), START);
    (key, row)
}

fn stored(store: &mut GrantStore<TestRows>, number: u8) -> AccessKey {
    let (key, row) = key(number);
    assert_eq!(store.store_key(&row, &policy(&[VERSION]), START).unwrap(), Ok(()));
    key
}

fn look(store: &mut GrantStore<TestRows>, key: &AccessKey, now: Timestamp) -> Option<StoredKey> {
    store.use_key(key.id(), &key.digest(), &policy(&[VERSION]), now).unwrap()
}

#[test]
fn a_key_is_found_by_its_id_and_the_hash_of_its_secret_until_it_expires() {
    let mut store = store();
    let one = stored(&mut store, 1);
    let found = look(&mut store, &one, START).unwrap();
    assert_eq!((found.scope(), found.name().as_str()), (&scope("notes:read"), "n8n"));
    assert_eq!(found.display_name(), Some("Zoë"));
    assert!(look(&mut store, &one, START.plus(MONTH - 1)).is_some(), "its last second");
    assert!(look(&mut store, &one, START.plus(MONTH)).is_none(), "its end");
    let same_id = AccessKey::mint(one.object(), one.id(), &TestRandom::from(9));
    assert!(look(&mut store, &same_id, START).is_none(), "another secret");
    assert!(look(&mut store, &key(2).0, START).is_none(), "never stored");
}

#[test]
fn the_use_of_a_key_is_written_once_a_day() {
    let mut store = store();
    let one = stored(&mut store, 1);
    assert_eq!(store.list_keys(&policy(&[VERSION]), START).unwrap()[0].used_on, None);
    let before = store.rows().writes.get();
    for second in 0..100 {
        look(&mut store, &one, START.plus(second)).unwrap();
        store.check_grants(vec![one.id()], &policy(&[VERSION]), START.plus(second)).unwrap();
    }
    assert_eq!(store.rows().writes.get() - before, 1, "the first of the day");
    let today = START.as_seconds() / DAY * DAY;
    let used = |store: &GrantStore<TestRows>, now| store.list_keys(&policy(&[VERSION]), now).unwrap()[0].used_on;
    assert_eq!(used(&store, START), Some(Timestamp::from_seconds(today)));
    store.check_grants(vec![one.id()], &policy(&[VERSION]), START.plus(DAY)).unwrap();
    assert_eq!(store.rows().writes.get() - before, 2, "and of the next");
    assert_eq!(used(&store, START.plus(DAY)), Some(Timestamp::from_seconds(today + DAY)));
}

#[test]
fn a_person_has_at_most_fifty_valid_keys_and_those_that_are_over_do_not_count() {
    let mut store = store();
    for number in 1..=50 {
        stored(&mut store, number);
    }
    let (_, row) = key(51);
    assert_eq!(store.store_key(&row, &policy(&[VERSION]), START).unwrap(), Err(StoreKeyError::TooMany));
    store.revoke(GrantId::from_bytes([7; 8]), START).unwrap();
    assert_eq!(store.store_key(&row, &policy(&[VERSION]), START).unwrap(), Ok(()));
    assert_eq!(store.list_keys(&policy(&[VERSION]), START).unwrap().len(), 50);
    let (_, later) = key(52);
    assert_eq!(store.store_key(&later, &policy(&[VERSION]), START.plus(MONTH)).unwrap(), Ok(()), "the others expired");
    assert_eq!(store.rows().access_key_ids().unwrap(), [GrantId::from_bytes([52; 8])], "and their rows are gone");
}

#[test]
fn a_form_that_is_sent_twice_makes_one_key() {
    let mut store = store();
    let (_, row) = key(1);
    for _ in 0..2 {
        assert_eq!(store.store_key(&row, &policy(&[VERSION]), START).unwrap(), Ok(()), "the answer was lost");
    }
    let again = AccessKey::mint(object(), row.id(), &TestRandom::from(5));
    let wanted = NewAccessKey {
        id: row.id(),
        name: row.name().clone(),
        resource: row.resource().clone(),
        scope: row.scope().clone(),
        lifetime: KeyLifetime::DEFAULT,
    };
    let other = StoredKey::new(&again, wanted, &person(), START);
    assert_eq!(store.store_key(&other, &policy(&[VERSION]), START).unwrap(), Err(StoreKeyError::Made));
}

#[test]
fn another_passphrase_ends_the_keys_and_another_master_key_does_not() {
    let mut store = store();
    let one = stored(&mut store, 1);
    for (versions, is_valid) in [(&[VERSION][..], true), (&[OTHER, VERSION], true), (&[OTHER], false), (&[], false)] {
        let policy = policy(versions);
        let found = store.use_key(one.id(), &one.digest(), &policy, START).unwrap();
        assert_eq!(found.is_some(), is_valid, "{versions:?}");
        assert_eq!(store.check_grants(vec![one.id()], &policy, START).unwrap().active.len(), usize::from(is_valid));
        assert_eq!(store.list_keys(&policy, START).unwrap().len(), usize::from(is_valid), "{versions:?}");
    }
}

#[test]
fn a_person_ends_one_key_or_all_with_the_apps() {
    for (name, action, left) in [
        ("one", AccountAction::End { grant: GrantId::from_bytes([1; 8]) }, vec![2]),
        ("all", AccountAction::EndAll, vec![]),
        ("sign out everywhere", AccountAction::SignOut, vec![]),
    ] {
        let (mut store, request) = one();
        let keys = [stored(&mut store, 1), stored(&mut store, 2)];
        let end = EndGrants { subject: subject(), signed_in_at: START.plus(1), action };
        let ended = end.carry_out(&mut store, START.plus(1), &random()).unwrap().unwrap().ended;
        for key in &keys {
            let is_left = left.contains(&key.id().to_bytes()[0]);
            assert_eq!(look(&mut store, key, START.plus(2)).is_some(), is_left, "{name}");
            assert_eq!(ended.contains(&key.id()), !is_left, "{name}: isolates are told");
        }
        assert_eq!(refresh(&mut store, &request, START.plus(2)).is_ok(), name == "one", "{name}: the app");
    }
}

#[test]
fn ending_an_unknown_key_ends_nothing_and_names_nothing() {
    let mut store = store();
    stored(&mut store, 1);
    let ended = store.revoke(GrantId::from_bytes([9; 8]), START).unwrap();
    assert_eq!(ended, Revoked::default(), "or an isolate would refuse the key of somebody else");
}

#[test]
fn the_owner_ending_a_client_leaves_the_keys() {
    let (mut store, _) = one();
    let one = stored(&mut store, 1);
    store.end_client(&ClientHash::of(&client()), START).unwrap();
    assert!(look(&mut store, &one, START).is_some());
}

#[test]
fn a_sign_in_from_before_a_sign_out_makes_no_key() {
    let mut store = store();
    store.sign_out(START).unwrap();
    let (_, row) = key(1);
    let command = |signed_in_at| StoreAccessKey { signed_in_at, key: row.clone(), policy: policy(&[VERSION]) };
    assert_eq!(command(START).carry_out(&mut store, START, &random()).unwrap(), None);
    assert_eq!(command(START.plus(1)).carry_out(&mut store, START.plus(1), &random()).unwrap(), Some(Ok(())));
}

#[test]
fn the_row_of_a_key_is_deleted_when_it_has_expired() {
    let mut store = store();
    let one = stored(&mut store, 1);
    look(&mut store, &one, START);
    assert_eq!(store.sweep(START.plus(MONTH - 1)).unwrap(), Some(START.plus(MONTH)));
    let remembered = Some(START.plus(MONTH + 180 * DAY));
    assert_eq!(store.sweep(START.plus(MONTH)).unwrap(), remembered, "that there was such a key");
    assert!(store.rows().access_key_ids().unwrap().is_empty());
}

#[test]
fn a_row_has_nothing_from_which_the_key_follows() {
    let (key, row) = key(1);
    let text = key.expose(crate::testing::test_keys::ring(1).routing());
    let bytes = row.to_row().unwrap();
    assert!(!bytes.windows(8).any(|part| text.as_bytes().windows(8).any(|secret| secret == part)));
    assert_eq!(UseAccessKey::new(&key, policy(&[VERSION])).digest, key.digest());
}
