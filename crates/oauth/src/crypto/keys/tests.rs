//! The rules that hold for all keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::keys::master::MasterKey;
use crate::crypto::keys::ring::KeyRing;
use crate::crypto::keys::signing::{SIGNING_PERIOD, SigningKeys};
use crate::testing::test_keys::{master, ring};

/// Returns the header of the tokens that are signed now.
fn current(ring: &KeyRing, now: Timestamp) -> String {
    signing(ring, now).current().header().to_owned()
}

fn signing(ring: &KeyRing, now: Timestamp) -> SigningKeys {
    ring.signing(now)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

const DAY: u64 = 24 * 3600;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

#[test]
fn derived_keys_are_those_of_earlier_versions() {
    let key = MasterKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let ring = KeyRing::new(&key, &[]);
    assert_eq!(hex(ring.seal().current()), "7ed23ec4d96bc5db037daf5b26c24b431d9513ebc96ce26a708190eb8c12602a");
    assert_ne!(ring.log_person().tag(&[b"a"]), ring.routing().tag(&[b"a"]), "each has a label of its own");
    assert_eq!(hex(&ring.routing().tag(&[b"a"])), "704cb9426b4edce6f9f4b54c6d2d4ddabfdbc755da965d1b0d3be680730470ba");
}

#[test]
fn a_stored_master_key_is_read_by_every_version() {
    let key = master(1);
    let text = key.expose();
    assert_eq!(key.to_stored(), text.as_bytes(), "it contains no version");
    assert!(MasterKey::from_stored(&key.to_stored()).unwrap() == key);
    // The first release stored it in this form.
    let first: Vec<u8> = [1, 44].into_iter().chain(text.bytes()).collect();
    assert!(MasterKey::from_stored(&first).unwrap() == key);
    for broken in [&b""[..], &first[..44], &[1, 44], &[255; 44]] {
        assert!(MasterKey::from_stored(broken).is_err(), "{broken:?}");
    }
}

#[test]
fn a_master_key_is_read_in_every_usual_spelling() {
    let key = master(1);
    let base64 = key.expose();
    let hex = hex(key.bytes());
    let url = base64.replace('+', "-").replace('/', "_");
    for text in [
        base64.clone(),
        format!(" {base64}\n"),
        url.trim_end_matches('=').to_owned(),
        base64.trim_end_matches('=').to_owned(),
        hex.clone(),
        hex.to_uppercase(),
    ] {
        assert!(MasterKey::parse(&text) == Ok(key.clone()), "{text}");
    }
}

#[test]
fn a_master_key_that_is_not_32_random_bytes_is_refused() {
    let hex = "0g".repeat(32);
    for text in
        ["", "secret", &"A".repeat(43), &"A".repeat(42), &"B".repeat(44), &"B".repeat(86), &hex, &"0".repeat(64), "é"]
    {
        assert!(MasterKey::parse(text).is_err(), "{text}");
    }
}

#[test]
fn each_purpose_and_each_master_key_has_its_own_keys() {
    let (one, two) = (ring(1), ring(2));
    let tags =
        [&one, &two].map(|ring| [&ring.client_id(), &ring.routing(), &ring.passphrase()].map(|key| key.tag(&[b"x"])));
    let mut all: Vec<_> = tags.concat();
    all.push(*one.seal().current());
    all.push(*two.seal().current());
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 8);
    assert_ne!(current(&one, at(0)), current(&two, at(0)));
}

#[test]
fn the_parts_of_a_mac_are_separated_from_each_other() {
    let key = ring(1).routing().clone();
    assert_ne!(key.tag(&[b"ab", b"c"]), key.tag(&[b"a", b"bc"]));
    assert_ne!(key.tag(&[b"a"]), key.tag(&[b"a", b""]));
}

#[test]
fn a_mac_is_verified_whole_or_truncated_to_at_least_64_bits() {
    let key = ring(1).routing().clone();
    let tag = key.tag(&[b"a"]);
    for length in 8..=32 {
        assert!(key.verify(&[b"a"], &tag[..length]), "{length}");
        let mut forged = tag;
        forged[length - 1] ^= 1;
        assert!(!key.verify(&[b"a"], &forged[..length]), "{length}");
    }
    for length in 0..8 {
        assert!(!key.verify(&[b"a"], &tag[..length]), "{length}");
    }
    assert!(!key.verify(&[b"a"], &[tag, tag].concat()));
}

#[test]
fn a_previous_master_key_verifies_and_signs_nothing_new() {
    let old = ring(1);
    let both = KeyRing::new(&master(2), &[master(1)]);
    let tag = old.routing().tag(&[b"a"]);
    assert!(both.routing().verify(&[b"a"], &tag));
    assert_ne!(both.routing().tag(&[b"a"]), tag);
    assert!(!ring(2).routing().verify(&[b"a"], &tag));
    let now = at(400 * DAY);
    assert!(signing(&both, now).find(&current(&old, now)).is_some());
    assert_ne!(current(&both, now), current(&old, now));
}

#[test]
fn the_number_of_previous_master_keys_is_limited() {
    let both = KeyRing::new(&master(9), &[master(1), master(2), master(3)]);
    let tag = |seed| ring(seed).routing().tag(&[b"a"]);
    assert_eq!([1, 2, 3].map(|seed| both.routing().verify(&[b"a"], &tag(seed))), [true, true, false]);
}

#[test]
fn signing_keys_change_with_the_calendar_and_overlap_on_both_sides() {
    let ring = ring(1);
    let (before, after) = (at(10 * SIGNING_PERIOD - 1), at(10 * SIGNING_PERIOD));
    let (old, new) = (signing(&ring, before), signing(&ring, after));
    let (old_header, new_header) = (current(&ring, before), current(&ring, after));
    assert_ne!(old_header, new_header);
    assert!(old.find(&new_header).is_some(), "the next key is accepted before it signs here");
    assert!(new.find(&old_header).is_some(), "the last key is still accepted");
    assert!(signing(&ring, after.plus(SIGNING_PERIOD)).find(&old_header).is_none(), "and later not");
    assert!(old.covers(before) && !old.covers(after) && new.covers(after));
}

#[test]
fn the_jose_header_of_a_signing_key_is_the_one_that_jwt_compact_writes() {
    use jwt_compact::alg::Hs256;
    use jwt_compact::{AlgorithmExt as _, Claims, Header};
    let keys = signing(&ring(1), at(400 * DAY));
    let key = keys.current();
    let header = Header::empty().with_key_id(key.id()).with_token_type("at+jwt");
    let token = Hs256.token(&header, &Claims::empty(), key.secret()).unwrap();
    assert_eq!(token.split('.').next(), Some(key.header()));
    let header = URL_SAFE_NO_PAD.decode(key.header()).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header, serde_json::json!({"alg": "HS256", "typ": "at+jwt", "kid": key.id()}));
}

#[test]
fn the_key_id_is_the_thumbprint_of_the_key() {
    use sha2::{Digest as _, Sha256};
    let keys = signing(&ring(1), at(400 * DAY));
    let secret = URL_SAFE_NO_PAD.encode(keys.current().secret());
    let thumbprint = Sha256::digest(format!(r#"{{"k":"{secret}","kty":"oct"}}"#));
    assert_eq!(keys.current().id(), URL_SAFE_NO_PAD.encode(thumbprint), "RFC 7638 §3.2");
}
