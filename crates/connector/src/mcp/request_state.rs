//! The state that a client holds between two tries of a request (`requestState` of `InputRequiredResult`): the answers so far,
//! sealed with a key of this server.

use serde::{Deserialize, Serialize};

use mcp_connector_oauth::crypto::seal::{SealError, Sealable, Sealed};
use mcp_connector_protocol::{OpenStateError, SealStateError};

use crate::oauth::secrets::Secrets;
use crate::platform::clock::{Entropy, now};

/// How long a person may take to answer, in seconds.
const LIFETIME: u64 = 30 * 60;

/// The answers so far, as the protocol has written them.
#[derive(Serialize, Deserialize)]
struct RequestState(Vec<u8>);

impl Sealable for RequestState {
    const PURPOSE: &'static str = "request state";
    // The answer of a model may have a page or two.
    const MAX_SEALED_LENGTH: usize = 128 * 1024;
}

pub(crate) fn seal(plain: &[u8], binding: &[u8], secrets: &Secrets) -> Result<String, SealStateError> {
    let (state, expires) = (RequestState(plain.to_vec()), now().plus(LIFETIME));
    match Sealed::seal(&state, binding, expires, secrets.keys().seal(), &Entropy::new()?) {
        Ok(sealed) => Ok(sealed.as_str().to_owned()),
        Err(SealError::TooLarge | SealError::Forged | SealError::Expired) => Err(SealStateError::TooLarge),
    }
}

pub(crate) fn open(sealed: &str, binding: &[u8], secrets: &Secrets) -> Result<Vec<u8>, OpenStateError> {
    let state = Sealed::<RequestState>::from_text(sealed).open(binding, now(), secrets.keys().seal());
    state.map(|state| state.0).map_err(|error| match error {
        SealError::Expired => OpenStateError::Expired,
        SealError::Forged | SealError::TooLarge => OpenStateError::Forged,
    })
}
