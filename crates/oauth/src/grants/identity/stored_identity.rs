//! What an identity provider last said about the person, stored beside their grants. It is renewed at each sign-in, and at a refresh
//! if the provider gives refresh tokens.

use serde::{Deserialize, Serialize};

use mcp_connector_base::profile::Profile;
use mcp_connector_base::row::Row;
use mcp_connector_base::timestamp::{Random, Timestamp};

use crate::crypto::at_rest::EncryptedSecret;
use crate::crypto::keys::cipher::CipherKeys;
use crate::login::person::ProviderIdentity;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredIdentity {
    pub profile: Profile,
    /// When the provider said it.
    pub renewed_at: Timestamp,
    /// The refresh token of the provider, encrypted.
    pub refresh_token: Option<EncryptedSecret>,
}

impl Row for StoredIdentity {
    const VERSION: u8 = 1;
}

impl StoredIdentity {
    /// Creates the row. `binding` names the person and this server as a client of the provider: after a change of either, the refresh
    /// token is not used.
    #[must_use]
    pub fn new(
        identity: &ProviderIdentity,
        binding: &[u8],
        keys: &CipherKeys,
        random: &impl Random,
        now: Timestamp,
    ) -> Self {
        let token = identity.refresh_token.as_ref();
        Self {
            profile: identity.profile.clone(),
            renewed_at: now,
            refresh_token: token.and_then(|token| EncryptedSecret::new(token.as_str(), binding, keys, random)),
        }
    }

    /// Returns the row that replaces `earlier`. A provider that gives no new refresh token means that the old one stays valid (RFC
    /// 6749 §6).
    #[must_use]
    pub fn replacing(self, earlier: Option<Self>) -> Self {
        let refresh_token = self.refresh_token.or(earlier.and_then(|earlier| earlier.refresh_token));
        Self { refresh_token, ..self }
    }
}
