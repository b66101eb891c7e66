//! The rules of sign-ins: what a remembered browser may do, and what ends it.

use mcp_connector_base::timestamp::Timestamp;

use crate::clients::client_hash::ClientHash;
use crate::clients::client_keys::ClientProof;
use crate::crypto::credential_version::CredentialVersion;
use crate::grants::codes::authorization_code::AuthorizationCode;
use crate::grants::codes::pending_code::PendingCode;
use crate::grants::codes::redemption::StoreCodeError;
use crate::grants::commands::{AccountAction, EndClientGrants, EndGrants, GrantsCommand};
use crate::grants::grant_store::GrantStore;
use crate::grants::model_tests::{
    DAY, START, VERSION, authorization, challenge, client, granted, object, store, subject,
};
use crate::grants::rows::GrantRows as _;
use crate::grants::sign_in::commands::{
    BrowserChange, CheckBrowser, ForgetBrowser, SignInProof, SignInRefused, StoreSignIn,
};
use crate::grants::sign_in::passkey_commands::{FindPasskeyKey, RemovePasskey, UsePasskey};
use crate::login::passkeys::ceremony::PasskeyError;
use crate::login::passkeys::rule_tests::{registered, used};
use crate::login::remembered::allowed_redirect::RedirectDigest;
use crate::login::remembered::browser_cookie::{BrowserCookie, BrowserId};
use crate::login::remembered::remembered_browser::NewBrowser;
use crate::login::remembered::remembered_browsers::BrowserStanding;
use crate::testing::test_keys::TestRandom;
use crate::testing::test_rows::TestRows;

const OTHER: CredentialVersion = CredentialVersion::from_bytes([77; 8]);

fn redirect() -> RedirectDigest {
    RedirectDigest::of_accepted(&authorization().redirect_uri).unwrap()
}

/// A sign-in for a code of its own.
fn sign_in(seed: u64, proof: SignInProof, now: Timestamp) -> StoreSignIn {
    let code = AuthorizationCode::mint(object(), &TestRandom::from(seed));
    StoreSignIn {
        code: PendingCode::new(&code, challenge(), authorization(), now),
        redirect: redirect(),
        proof,
        versions: vec![VERSION],
    }
}

fn new_browser(seed: u64) -> NewBrowser {
    NewBrowser {
        id: BrowserId::new(&TestRandom::from(seed)),
        name: "Firefox on Linux".to_owned(),
        until: START.plus(30 * DAY),
    }
}

fn ask<C: GrantsCommand>(store: &mut GrantStore<TestRows>, command: C, now: Timestamp) -> C::Answer {
    command.carry_out(store, now, &TestRandom::from(9)).unwrap()
}

/// A store after a sign-in with the passphrase, and the cookie of its browser.
fn signed_in() -> (GrantStore<TestRows>, BrowserCookie) {
    let mut store = store();
    let change = BrowserChange { forget: None, remember: Some(new_browser(1)) };
    let cookie = ask(&mut store, sign_in(100, SignInProof::Passphrase(change), START), START).unwrap().unwrap();
    (store, cookie)
}

fn standing(store: &mut GrantStore<TestRows>, cookie: BrowserCookie) -> BrowserStanding {
    ask(store, CheckBrowser { cookie, redirect: redirect(), versions: vec![VERSION] }, START)
}

#[test]
fn a_remembered_browser_gets_a_code_for_a_known_redirect_uri_and_the_same_answer_if_asked_again() {
    let (mut store, cookie) = signed_in();
    let before = store.rows().writes.get();
    assert_eq!(standing(&mut store, cookie), BrowserStanding::Known);
    assert_eq!(store.rows().writes.get(), before, "looking writes nothing");
    let command = sign_in(200, SignInProof::Remembered(cookie), START.plus(DAY));
    let next = ask(&mut store, command.clone(), START.plus(DAY)).unwrap().unwrap();
    assert_eq!(store.rows().writes.get(), before + 2, "the code, and the browser");
    assert_ne!(next, cookie);
    assert_eq!(ask(&mut store, command, START.plus(DAY)).unwrap(), Some(next), "an answer that was lost");
}

#[test]
fn a_new_redirect_uri_an_unknown_browser_or_another_passphrase_gives_no_code_and_writes_nothing() {
    let (store, cookie) = signed_in();
    let good = sign_in(200, SignInProof::Remembered(cookie), START);
    let unknown = BrowserCookie { id: BrowserId::new(&TestRandom::from(50)), ..cookie };
    let elsewhere = RedirectDigest::of_accepted("https://evil.example/cb").unwrap();
    for (name, command, now) in [
        ("a new redirect URI", StoreSignIn { redirect: elsewhere, ..good.clone() }, START),
        ("an unknown browser", sign_in(200, SignInProof::Remembered(unknown), START), START),
        ("another passphrase", StoreSignIn { versions: vec![OTHER], ..good.clone() }, START),
        ("no passphrase", StoreSignIn { versions: Vec::new(), ..good.clone() }, START),
        ("after its end", good.clone(), START.plus(30 * DAY)),
    ] {
        let mut store = GrantStore::new(store.rows().clone(), crate::grants::limits::Limits::default());
        let before = store.rows().writes.get();
        assert_eq!(ask(&mut store, command, now), Err(SignInRefused::NotRemembered), "{name}");
        assert_eq!(store.rows().writes.get(), before, "{name}");
    }
}

#[test]
fn a_copied_cookie_is_refused_and_ends_the_browser() {
    let (mut store, cookie) = signed_in();
    let next = ask(&mut store, sign_in(200, SignInProof::Remembered(cookie), START), START).unwrap().unwrap();
    let later = START.plus(61);
    let copy = ask(&mut store, sign_in(300, SignInProof::Remembered(cookie), later), later);
    assert_eq!(copy, Err(SignInRefused::CookieCopied));
    assert_eq!(standing(&mut store, next), BrowserStanding::Unknown);
}

#[test]
fn a_sign_in_with_the_passphrase_ends_the_copies_of_the_cookie() {
    let (mut store, cookie) = signed_in();
    let change = BrowserChange { forget: Some(cookie.id()), remember: Some(new_browser(2)) };
    let next = ask(&mut store, sign_in(200, SignInProof::Passphrase(change), START), START).unwrap().unwrap();
    assert_eq!(standing(&mut store, cookie), BrowserStanding::Unknown);
    assert_eq!(standing(&mut store, next), BrowserStanding::Known);
}

#[test]
fn a_sign_in_that_is_not_to_be_remembered_notes_the_redirect_uri_only() {
    let mut store = store();
    let plain = SignInProof::Passphrase(BrowserChange::default());
    assert_eq!(ask(&mut store, sign_in(100, plain.clone(), START), START), Ok(None));
    let before = store.rows().writes.get();
    assert_eq!(ask(&mut store, sign_in(200, plain, START.plus(1)), START.plus(1)), Ok(None));
    assert_eq!(store.rows().writes.get(), before + 1, "the code; the redirect URI is known");
    assert_eq!(store.browsers(&[VERSION], START).unwrap(), []);
}

#[test]
fn a_code_that_is_refused_leaves_the_cookie_as_it_is() {
    let (mut store, cookie) = signed_in();
    for seed in 0..31 {
        let plain = SignInProof::Passphrase(BrowserChange::default());
        ask(&mut store, sign_in(1000 + seed, plain, START), START).unwrap();
    }
    let refused = ask(&mut store, sign_in(200, SignInProof::Remembered(cookie), START), START);
    assert_eq!(refused, Err(SignInRefused::Code(StoreCodeError::TooMany)));
    let later = START.plus(DAY);
    assert!(ask(&mut store, sign_in(200, SignInProof::Remembered(cookie), later), later).is_ok());
}

#[test]
fn a_person_forgets_one_browser_or_signs_out_everywhere() {
    for everywhere in [false, true] {
        let (mut store, cookie) = signed_in();
        let change = BrowserChange { forget: None, remember: Some(new_browser(2)) };
        let other = ask(&mut store, sign_in(200, SignInProof::Passphrase(change), START), START).unwrap().unwrap();
        let now = START.plus(5);
        if everywhere {
            ask(&mut store, EndGrants { subject: subject(), signed_in_at: now, action: AccountAction::SignOut }, now)
                .unwrap();
        } else {
            ask(&mut store, ForgetBrowser { signed_in_at: now, browser: cookie.id() }, now).unwrap();
        }
        assert_eq!(standing(&mut store, cookie), BrowserStanding::Unknown);
        assert_eq!(standing(&mut store, other) == BrowserStanding::Unknown, everywhere);
        let forget = ForgetBrowser { signed_in_at: now, browser: other.id() };
        assert_eq!(ask(&mut store, forget, now).is_none(), everywhere, "a sign-in from before it has ended");
    }
}

#[test]
fn an_application_that_was_ended_is_new_again_and_a_revocation_by_the_client_changes_nothing() {
    let end = |action| EndGrants { subject: subject(), signed_in_at: START.plus(1), action };
    for (name, is_new) in [("by the client", false), ("by the person", true), ("all", true), ("by the owner", true)] {
        let (mut store, cookie) = signed_in();
        let grant = granted(&mut store, &TestRandom::from(700), START);
        match name {
            "by the client" => {
                drop(store.revoke_for_client(grant.grant, (&client(), ClientProof::SecretOrNone), START).unwrap());
            }
            "by the person" => drop(ask(&mut store, end(AccountAction::End { grant: grant.grant }), START)),
            "all" => drop(ask(&mut store, end(AccountAction::EndAll), START)),
            _ => drop(ask(&mut store, EndClientGrants { client: ClientHash::of(&client()) }, START)),
        }
        let expected = if is_new { BrowserStanding::NewRedirect } else { BrowserStanding::Known };
        assert_eq!(standing(&mut store, cookie), expected, "{name}");
    }
}

#[test]
fn the_row_of_remembered_browsers_is_deleted_when_all_of_it_is_over() {
    let (mut store, _) = signed_in();
    let year = 365 * DAY;
    assert_eq!(store.sweep(START.plus(2 * DAY)).unwrap(), Some(START.plus(year)));
    assert_eq!(store.sweep(START.plus(year)).unwrap(), None);
}

/// A store with a passkey, under the version of the passphrase of `registered`.
fn with_passkey() -> GrantStore<TestRows> {
    let mut store = store();
    let row = registered();
    let forget_at = row.forget_at(START);
    store.rows.put_passkeys(&row, forget_at).unwrap();
    store
}

#[test]
fn a_passkey_gives_one_code_remembers_the_browser_and_is_used_once() {
    let mut store = with_passkey();
    let change = BrowserChange { forget: None, remember: Some(new_browser(1)) };
    let command = sign_in(100, SignInProof::Passkey(used("form", 0, 1), change), START);
    let before = store.rows().writes.get();
    let cookie = ask(&mut store, command.clone(), START).unwrap().unwrap();
    assert_eq!(store.rows().writes.get(), before + 3, "the code, the browser, and the passkey");
    assert_eq!(standing(&mut store, cookie), BrowserStanding::Known);
    assert_eq!(ask(&mut store, command, START), Ok(Some(cookie)), "an answer that was lost");
    let (before, versions) = (store.rows().writes.get(), vec![VERSION]);
    let again = sign_in(200, SignInProof::Passkey(used("form", 0, 2), BrowserChange::default()), START);
    assert_eq!(ask(&mut store, again, START), Err(SignInRefused::Passkey(PasskeyError::Replayed)));
    let account = UsePasskey { used: used("form", 0, 2), versions: versions.clone() };
    assert_eq!(ask(&mut store, account, START), Err(PasskeyError::Replayed), "nor for the account page");
    assert_eq!(store.rows().writes.get(), before, "a refusal writes nothing");
    assert_eq!(ask(&mut store, UsePasskey { used: used("other", 0, 2), versions }, START), Ok(()));
}

#[test]
fn a_passkey_of_another_passphrase_or_a_removed_one_signs_nobody_in() {
    let credential = registered().list()[0].credential.clone();
    for name in ["another passphrase", "removed", "signed out everywhere"] {
        let mut store = with_passkey();
        let versions = vec![if name == "another passphrase" { OTHER } else { VERSION }];
        let remove = RemovePasskey { signed_in_at: START.plus(1), credential: credential.clone() };
        match name {
            "removed" => assert_eq!(ask(&mut store, remove, START.plus(1)), Some(())),
            "signed out everywhere" => drop(store.sign_out(START).unwrap()),
            _ => {}
        }
        let find = FindPasskeyKey { credential: credential.clone(), versions: versions.clone() };
        let is_known = name == "signed out everywhere";
        assert_eq!(ask(&mut store, find, START.plus(1)).is_some(), is_known, "{name}");
        let outcome = ask(&mut store, UsePasskey { used: used("form", 0, 1), versions }, START.plus(1));
        assert_eq!(outcome.is_ok(), is_known, "{name}: a passkey is a credential, and stays");
    }
}

#[test]
fn the_row_of_passkeys_outlives_everything_else() {
    let mut store = with_passkey();
    let year = 365 * DAY;
    assert_eq!(store.sweep(START.plus(year)).unwrap(), Some(START.plus(10 * year)));
}
