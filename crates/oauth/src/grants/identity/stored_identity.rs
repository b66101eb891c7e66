//! What an identity provider last said about the person, stored beside their grants. It is renewed at each sign-in, and at a refresh
//! if the provider gives refresh tokens.

use serde::{Deserialize, Serialize};

use mcp_connector_base::codec::{DecodeError, decode_body};
use mcp_connector_base::profile::Profile;
use mcp_connector_base::random::Random;
use mcp_connector_base::row::Row;
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::at_rest::EncryptedSecret;
use crate::crypto::keys::cipher::CipherKeys;
use crate::external_issuer::identity_claims::ClaimsVersion;
use crate::login::person::ProviderIdentity;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredIdentity {
    pub profile: Profile,
    /// When the provider said it.
    pub renewed_at: Timestamp,
    /// The refresh token of the provider, encrypted.
    pub refresh_token: Option<EncryptedSecret>,
    /// The last exchange of that token, or of the one that it replaced.
    pub token_refresh: Option<TokenRefresh>,
    /// The setting `IDENTITY_CLAIMS` by which the profile was read.
    pub claims: ClaimsVersion,
}

/// An exchange of a provider's refresh token (RFC 6749 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRefresh {
    pub began_at: Timestamp,
    pub answer: TokenRefreshAnswer,
}

/// Whether the answer of the provider is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenRefreshAnswer {
    Read,
    /// It was lost, or is still to come. The provider may have taken the stored token for used.
    Missing,
}

impl Row for StoredIdentity {
    const VERSION: u8 = 2;

    fn from_older(version: u8, encoded: &[u8]) -> Result<Self, DecodeError> {
        match version {
            1 => Ok(decode_body::<IdentityOfVersion1>(encoded)?.into()),
            _ => Err(DecodeError),
        }
    }
}

/// The row of version 1.
#[derive(Deserialize)]
struct IdentityOfVersion1 {
    profile: Profile,
    renewed_at: Timestamp,
    refresh_token: Option<EncryptedSecret>,
}

impl From<IdentityOfVersion1> for StoredIdentity {
    fn from(identity: IdentityOfVersion1) -> Self {
        let IdentityOfVersion1 { profile, renewed_at, refresh_token } = identity;
        // The setting is unknown. Where there is one, groups count again once the provider has repeated them.
        Self { profile, renewed_at, refresh_token, token_refresh: None, claims: ClaimsVersion::default() }
    }
}

impl StoredIdentity {
    /// Creates the row. `binding` names the person and this server as a client of the provider: after a change of either, the refresh
    /// token is not used.
    #[must_use]
    pub fn new(
        identity: &ProviderIdentity,
        claims: ClaimsVersion,
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
            token_refresh: None,
            claims,
        }
    }

    /// Creates the row from what a trusted issuer has said in an assertion.
    #[must_use]
    pub const fn asserted(profile: Profile, claims: ClaimsVersion, now: Timestamp) -> Self {
        Self { profile, renewed_at: now, refresh_token: None, token_refresh: None, claims }
    }

    /// Returns what became of the last exchange of the refresh token.
    #[must_use]
    pub fn last_answer(&self) -> TokenRefreshAnswer {
        self.token_refresh.map_or(TokenRefreshAnswer::Read, |token_refresh| token_refresh.answer)
    }

    /// Returns the profile under the current setting. What was read by another one may be called a group and be none.
    #[must_use]
    pub fn profile_by(self, claims: ClaimsVersion) -> Profile {
        if self.claims == claims { self.profile } else { self.profile.with_groups([]).with_roles([]).with_claims([]) }
    }

    /// Returns the row that replaces `earlier`. A provider that gives no new refresh token means that the old one stays valid (RFC
    /// 6749 §6).
    #[must_use]
    pub fn replacing(self, earlier: Option<Self>) -> Self {
        match earlier {
            Some(Self { refresh_token, token_refresh, .. }) if self.refresh_token.is_none() => {
                Self { refresh_token, token_refresh, ..self }
            }
            Some(_) | None => self,
        }
    }
}
