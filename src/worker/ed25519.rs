//! Ed25519 by the Web Crypto of the runtime, with its keys kept for the life of the isolate.

use std::cell::RefCell;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use worker::js_sys::{Array, Uint8Array, global};
use worker::wasm_bindgen::JsValue;

use crate::oauth::ed25519::{Ed25519, Seed};
use crate::oauth::outage::Outage;

use super::js;

/// `PrivateKeyInfo` of an Ed25519 key up to the seed, which is its last part (RFC 8410 §7).
const PRIVATE_KEY_INFO: [u8; 16] =
    [0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Most keys of each kind that are kept: a server has one to sign with and up to nine to check with.
const MAX_KEYS: usize = 16;

thread_local! {
    static SIGNING: RefCell<Vec<(Seed, JsValue)>> = const { RefCell::new(Vec::new()) };
    static CHECKING: RefCell<Vec<([u8; 32], JsValue)>> = const { RefCell::new(Vec::new()) };
}

/// The runtime's.
pub(crate) struct WebCrypto;

impl Ed25519 for WebCrypto {
    async fn public_key(&self, seed: &Seed) -> Result<[u8; 32], Outage> {
        let exported = async {
            let key = import("pkcs8", &private_key_info(seed), true, "sign").await?;
            let jwk = subtle("exportKey", &[&"jwk".into(), &key]).await?;
            js::get(&jwk, "x")
        };
        let x = exported.await.map_err(outage)?.as_string().ok_or(Outage::Storage)?;
        let bytes = URL_SAFE_NO_PAD.decode(x).map_err(|_| Outage::Storage)?;
        bytes.try_into().map_err(|_| Outage::Storage)
    }

    async fn sign(&self, seed: &Seed, message: &[u8]) -> Result<[u8; 64], Outage> {
        let signed = async {
            let key = kept(&SIGNING, seed, import("pkcs8", &private_key_info(seed), false, "sign")).await?;
            subtle("sign", &[&"Ed25519".into(), &key, &Uint8Array::from(message)]).await
        };
        let signature = Uint8Array::new(&signed.await.map_err(outage)?).to_vec();
        signature.try_into().map_err(|_| Outage::Storage)
    }

    async fn verify(&self, public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Result<bool, Outage> {
        let verified = async {
            let key = kept(&CHECKING, public_key, import("raw", public_key, false, "verify")).await?;
            let (signature, message) = (Uint8Array::from(signature.as_slice()), Uint8Array::from(message));
            subtle("verify", &[&"Ed25519".into(), &key, &signature, &message]).await
        };
        verified.await.map_err(outage)?.as_bool().ok_or(Outage::Storage)
    }
}

fn outage(_: JsValue) -> Outage {
    Outage::Storage
}

fn private_key_info(seed: &Seed) -> Vec<u8> {
    [PRIVATE_KEY_INFO.as_slice(), seed.as_bytes()].concat()
}

/// The key of that name, imported if it is not there yet.
async fn kept<N: Clone + PartialEq>(
    keys: &'static std::thread::LocalKey<RefCell<Vec<(N, JsValue)>>>,
    name: &N,
    import: impl Future<Output = Result<JsValue, JsValue>>,
) -> Result<JsValue, JsValue> {
    let known =
        keys.with_borrow(|keys| keys.iter().find(|(known, _)| known == name).map(|(_, key)| JsValue::clone(key)));
    if let Some(key) = known {
        return Ok(key);
    }
    let key = import.await?;
    keys.with_borrow_mut(|keys| {
        if keys.len() >= MAX_KEYS {
            keys.clear();
        }
        keys.push((name.clone(), JsValue::clone(&key)));
    });
    Ok(key)
}

async fn import(format: &str, key: &[u8], extractable: bool, usage: &str) -> Result<JsValue, JsValue> {
    let usages = Array::of1(&usage.into());
    subtle("importKey", &[&format.into(), &Uint8Array::from(key), &"Ed25519".into(), &extractable.into(), &usages])
        .await
}

/// `crypto.subtle.<method>(…)`.
pub(crate) async fn subtle(method: &str, arguments: &[&JsValue]) -> Result<JsValue, JsValue> {
    js::call_async(&js::get(&js::get(&global(), "crypto")?, "subtle")?, method, arguments).await
}
