//! The commands of the `Keyring`.

use serde::{Deserialize, Serialize};

use mcp_connector_base::commands;
use mcp_connector_oauth::crypto::credential_version::CredentialVersion;
use mcp_connector_oauth::login::throttle::AttemptOutcome;
use mcp_connector_oauth::web::request_source::RequestSource;

/// Asks for the master key as text. The first request makes it.
#[derive(Serialize, Deserialize)]
pub(crate) struct GetMasterKey;

/// Counts one attempt to sign in with a passphrase, which has been compared already, and asks whether it may succeed.
#[derive(Serialize, Deserialize)]
pub(crate) struct CountAttempt {
    pub(crate) source: RequestSource,
    pub(crate) is_right: bool,
    /// The version of the passphrase.
    pub(crate) version: CredentialVersion,
}

commands! {
    GetMasterKey => String;
    CountAttempt => AttemptOutcome;
}
