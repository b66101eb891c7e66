//! The rules of the keys of an external issuer.

use serde_json::json;

use crate::external_issuer::keys::*;

fn rsa(bytes: usize) -> String {
    URL_SAFE_NO_PAD.encode(vec![0xC5; bytes])
}

fn coordinate() -> String {
    URL_SAFE_NO_PAD.encode([7; 32])
}

fn keys(values: &Value) -> ExternalKeys {
    ExternalKeys::parse(json!({ "keys": values }).to_string().as_bytes()).unwrap()
}

#[test]
fn every_kind_of_jwk_is_found_for_its_algorithms() {
    let keys = keys(&json!([
        {"kty": "RSA", "kid": "r", "n": rsa(256), "e": "AQAB", "use": "sig", "x5c": ["…"]},
        {"kty": "EC", "kid": "e", "crv": "P-256", "x": coordinate(), "y": coordinate()},
        {"kty": "OKP", "kid": "o", "crv": "Ed25519", "x": coordinate(), "key_ops": ["verify"], "alg": "EdDSA"},
    ]));
    for (id, want) in
        [("r", vec![Algorithm::Rs256, Algorithm::Ps256]), ("e", vec![Algorithm::Es256]), ("o", vec![Algorithm::EdDsa])]
    {
        let fit: Vec<_> = Algorithm::ALL.into_iter().filter(|alg| keys.select(Some(id), *alg).is_some()).collect();
        assert_eq!(fit, want, "{id}");
    }
    assert!(keys.select(None, Algorithm::Es256).is_some(), "the only one that fits needs no name");
    assert!(keys.select(Some("x"), Algorithm::Es256).is_none());
    let only = json!([{"kty": "RSA", "kid": "r", "n": rsa(256), "e": "AQAB", "alg": "RS256"}]);
    let only = super::tests::keys(&only);
    assert!(only.select(Some("r"), Algorithm::Rs256).is_some());
    assert!(only.select(Some("r"), Algorithm::Ps256).is_none(), "a key that says what it is for is for nothing else");
    assert_eq!(Algorithm::parse("Ed25519"), Some(Algorithm::EdDsa));
    let jwk = keys.select(None, Algorithm::EdDsa).unwrap().material().to_jwk();
    let jwk: Value = serde_json::from_str(&jwk).unwrap();
    assert_eq!(jwk, json!({"kty": "OKP", "crv": "Ed25519", "x": coordinate()}));
}

#[test]
fn a_jwk_that_is_weak_private_or_for_another_use_is_left_out() {
    let sound = json!({"kty": "RSA", "kid": "r", "n": rsa(256), "e": "AQAB"});
    let with = |name: &str, value: Value| {
        let mut key = sound.clone();
        key[name] = value;
        key
    };
    assert!(keys(&json!([sound])).select(Some("r"), Algorithm::Rs256).is_some());
    for (name, key) in [
        ("1024 bits", with("n", json!(rsa(128)))),
        ("16384 bits", with("n", json!(rsa(2048)))),
        ("leading zero", with("n", json!(URL_SAFE_NO_PAD.encode(vec![0; 256])))),
        ("exponent one", with("e", json!("AQ"))),
        ("even exponent", with("e", json!("Ag"))),
        ("not base64url", with("n", json!("+/="))),
        ("for encryption", with("use", json!("enc"))),
        ("other operations", with("key_ops", json!(["encrypt"]))),
        ("operations that are none", with("key_ops", json!("verify"))),
        ("private", with("d", json!("AQAB"))),
        ("shared secret", json!({"kty": "oct", "kid": "r", "k": "AQAB"})),
        ("another algorithm", with("alg", json!("RS512"))),
        ("an algorithm of another kind", with("alg", json!("ES256"))),
        ("shared-secret algorithm", with("alg", json!("HS256"))),
        ("P-384", json!({"kty": "EC", "kid": "r", "crv": "P-384", "x": coordinate(), "y": coordinate()})),
        ("short coordinate", json!({"kty": "EC", "kid": "r", "crv": "P-256", "x": "AQ", "y": coordinate()})),
        ("X25519", json!({"kty": "OKP", "kid": "r", "crv": "X25519", "x": coordinate()})),
        ("not an object", json!("r")),
    ] {
        let keys = keys(&json!([key]));
        assert!(Algorithm::ALL.into_iter().all(|algorithm| keys.select(Some("r"), algorithm).is_none()), "{name}");
    }
}

#[test]
fn two_jwks_with_one_kid_are_both_refused() {
    let one = json!({"kty": "OKP", "kid": "o", "crv": "Ed25519", "x": coordinate()});
    let unusable = json!({"kty": "oct", "kid": "o"});
    assert!(keys(&json!([one, one])).select(Some("o"), Algorithm::EdDsa).is_none());
    assert!(keys(&json!([one, unusable])).select(Some("o"), Algorithm::EdDsa).is_none());
    let nameless = json!({"kty": "OKP", "crv": "Ed25519", "x": coordinate()});
    assert!(keys(&json!([nameless, nameless])).select(None, Algorithm::EdDsa).is_none(), "nobody can tell which");
}

#[test]
fn an_invalid_jwk_set_is_refused() {
    for document in [
        "",
        "{}",
        "[]",
        "{\"keys\":{}}",
        "{\"keys\":[],\"keys\":[]}",
        &format!("{{\"keys\":[\"{}\"]}}", "x".repeat(MAX_KEY_SET)),
    ] {
        assert_eq!(ExternalKeys::parse(document.as_bytes()), Err(InvalidKeySet), "{document:.40}");
    }
    assert_eq!(keys(&json!([])), ExternalKeys::default());
}

#[test]
fn a_jwk_set_is_fetched_again_when_it_is_old_or_a_kid_is_missing_and_not_more_often() {
    let start = Timestamp::from_seconds(1_800_000_000);
    for (max_age, fresh) in [(None, 3600), (Some(0), 300), (Some(600), 600), (Some(u64::MAX), 86_400)] {
        let cache = KeyCache::new(ExternalKeys::default(), max_age, start);
        assert_eq!(cache.before_use(start.plus(fresh).minus(1)), Refetch::No, "{max_age:?}");
        assert_eq!(cache.before_use(start.plus(fresh)), Refetch::Try, "{max_age:?}");
        assert_eq!(cache.before_use(start.plus(fresh).plus(86_400)), Refetch::Must, "{max_age:?}");
    }
    let mut cache = KeyCache::new(ExternalKeys::default(), None, start);
    assert_eq!(cache.for_unknown_key(start.plus(29)), Refetch::No);
    assert_eq!(cache.for_unknown_key(start.plus(30)), Refetch::Try);
    cache.failed(start.plus(3600));
    assert_eq!(cache.before_use(start.plus(3629)), Refetch::No, "not at every request");
    assert_eq!(cache.before_use(start.plus(3630)), Refetch::Try);
    assert_eq!(cache.for_unknown_key(start.plus(3629)), Refetch::No);
}

#[test]
fn the_metadata_lists_the_algorithms_that_are_accepted() {
    assert_eq!(Algorithm::ALL.map(Algorithm::name), crate::resource::metadata::SIGNING_ALGORITHMS);
}
