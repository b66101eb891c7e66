//! The client data of a response: what the browser vouches for (Web Authentication §5.8.1).

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::login::passkeys::ceremony::{Challenge, PasskeyError, RelyingParty};
use crate::web::json_object::Object;

/// Maximum length of client data, in bytes. Real ones have about 200.
const MAX_CLIENT_DATA: usize = 2048;

/// The ceremony in which client data was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ceremony {
    Registration,
    Assertion,
}

impl Ceremony {
    const fn name(self) -> &'static str {
        match self {
            Self::Registration => "webauthn.create",
            Self::Assertion => "webauthn.get",
        }
    }
}

/// Checks client data. Returns its hash, which is part of what the authenticator signs.
pub(crate) fn check(
    json: &[u8],
    ceremony: Ceremony,
    challenge: Challenge,
    party: &RelyingParty,
) -> Result<[u8; 32], PasskeyError> {
    if json.len() > MAX_CLIENT_DATA {
        return Err(PasskeyError::Malformed);
    }
    let data = Object::parse(json).map_err(|_| PasskeyError::Malformed)?;
    let text = |name| data.required(name).map_err(|_| PasskeyError::Malformed);
    if text("type")? != ceremony.name() {
        return Err(PasskeyError::WrongType);
    }
    if text("challenge")? != challenge.to_text() {
        return Err(PasskeyError::WrongChallenge);
    }
    if text("origin")? != party.origin() {
        return Err(PasskeyError::WrongOrigin);
    }
    let is_framed = match data.get("crossOrigin") {
        None => false,
        Some(Value::Bool(is_framed)) => *is_framed,
        Some(_) => return Err(PasskeyError::Malformed),
    };
    if is_framed || data.get("topOrigin").is_some() {
        return Err(PasskeyError::Framed);
    }
    Ok(Sha256::digest(json).into())
}
