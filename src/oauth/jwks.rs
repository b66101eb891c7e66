//! The public half of our signing keys as a JSON Web Key Set (RFC 7517, with the key type of RFC 8037), which external
//! resource servers read at `jwks_uri`. Reading somebody else's set is the business of `external`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A set of public keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwks {
    /// The keys, the one that signs now first.
    pub keys: Vec<Jwk>,
}

/// One Ed25519 public key. There is no member for a private one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwk {
    kty: &'static str,
    crv: &'static str,
    x: String,
    kid: String,
    #[serde(rename = "use")]
    public_key_use: &'static str,
    alg: &'static str,
}

impl Jwk {
    /// From the 32 bytes of RFC 8032 §5.1.5.
    #[must_use]
    pub fn ed25519(key: &[u8; 32]) -> Self {
        Self {
            kty: "OKP",
            crv: "Ed25519",
            x: URL_SAFE_NO_PAD.encode(key),
            kid: Self::ed25519_thumbprint(key),
            public_key_use: "sig",
            alg: "EdDSA",
        }
    }

    /// The name of such a key: RFC 7638 over the members that RFC 8037 §2 requires, in alphabetical order.
    #[must_use]
    pub fn ed25519_thumbprint(key: &[u8; 32]) -> String {
        let x = URL_SAFE_NO_PAD.encode(key);
        let required = format!("{{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"{x}\"}}");
        URL_SAFE_NO_PAD.encode(Sha256::digest(required))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037_appendix_a_3() {
        let mut key = [0; 32];
        URL_SAFE_NO_PAD.decode_slice("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", &mut key).unwrap();
        let jwk = Jwk::ed25519(&key);
        assert_eq!(
            serde_json::to_string(&Jwks { keys: vec![jwk] }).unwrap(),
            "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\
             \"kid\":\"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\",\"use\":\"sig\",\"alg\":\"EdDSA\"}]}"
        );
    }
}
