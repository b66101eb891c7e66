//! Signatures of others, which the Web Crypto of the runtime verifies. It is asynchronous, so `jwt-compact`, which verifies our own
//! tokens, cannot use it.

use worker::js_sys::{Array, JSON, Uint8Array, global};
use worker::wasm_bindgen::JsValue;

use mcp_connector_base::outage::Outage;
use mcp_connector_oauth::external_issuer::keys::{Algorithm, KeyMaterial};

use crate::platform::js;

/// Returns whether `signature` is that of `message` by the owner of a key.
///
/// # Errors
///
/// The runtime does not take the key, or does not answer.
pub(crate) async fn verify(
    algorithm: Algorithm,
    key: &KeyMaterial,
    message: &[u8],
    signature: &[u8],
) -> Result<bool, Outage> {
    // The runtime throws if a signature has a wrong length, and that is no outage.
    if algorithm.signature_length().is_some_and(|length| signature.len() != length) {
        return Ok(false);
    }
    let verified = async {
        // The same object says how to import a key and how to check with it.
        let how = JSON::parse(match algorithm {
            Algorithm::Rs256 => r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-256"}"#,
            Algorithm::Ps256 => r#"{"name":"RSA-PSS","hash":"SHA-256","saltLength":32}"#,
            Algorithm::Es256 => r#"{"name":"ECDSA","namedCurve":"P-256","hash":"SHA-256"}"#,
            Algorithm::EdDsa => r#"{"name":"Ed25519"}"#,
        })?;
        let jwk = JSON::parse(&key.to_jwk())?;
        let usages = Array::of1(&"verify".into());
        let key = subtle("importKey", &[&"jwk".into(), &jwk, &how, &false.into(), &usages]).await?;
        subtle("verify", &[&how, &key, &Uint8Array::from(signature), &Uint8Array::from(message)]).await
    };
    let verified: Result<JsValue, JsValue> = verified.await;
    verified.map_err(|_| Outage::Storage)?.as_bool().ok_or(Outage::Storage)
}

/// Calls `crypto.subtle.<method>(…)`.
async fn subtle(method: &str, arguments: &[&JsValue]) -> Result<JsValue, JsValue> {
    js::call_async(&js::get(&js::get(&global(), "crypto")?, "subtle")?, method, arguments).await
}
