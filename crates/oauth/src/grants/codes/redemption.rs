//! The redemption of an authorization code (RFC 6749 §4.1.3) and what comes of it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use mcp_connector_base::identifier::{ClientId, GrantId};

use crate::authorize::pkce::CodeChallenge;
use crate::crypto::opaque::Secret;
use crate::grants::authorization::Authorization;
use crate::grants::codes::authorization_code::{AuthorizationCode, CodeId};
use crate::grants::grant::Grant;
use crate::grants::refresh::refresh_token::Generation;
use crate::login::admission::AdmissionPolicy;
use crate::resource::protected_resource::Resource;
use crate::web::origin::Issuer;

/// Why a code is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum StoreCodeError {
    #[error("too many codes wait")]
    TooMany,
    /// It was kept before, and redeemed.
    #[error("redeemed before")]
    Redeemed,
}

/// What a redeemed code gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redeemed {
    pub grant: GrantId,
    pub authorization: Authorization,
    pub generation: Generation,
    pub proof: Secret,
}

impl Redeemed {
    /// Returns the tokens that come with a new grant.
    pub(crate) fn first_of(grant: &Grant) -> Self {
        Self {
            grant: grant.id(),
            authorization: grant.authorization().clone(),
            generation: grant.generation(),
            proof: grant.proof(),
        }
    }
}

/// Why a code is not redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum RedeemError {
    /// No such code, or it was forgotten.
    #[error("unknown")]
    Unknown,
    #[error("expired")]
    Expired,
    /// Something about the request does not fit.
    #[error("mismatch: {0}")]
    Mismatch(RedemptionMismatch),
    /// It was redeemed before, by somebody who knew everything: the grant has ended.
    #[error("replayed")]
    Replayed(GrantId),
}

/// A token request whose code has been read and whose client is authenticated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redemption {
    pub code: CodeId,
    /// and the digest of its secret.
    pub digest: Secret,
    /// The id of the grant that it becomes. A second redemption with the same id is the same request, whose answer was lost
    /// inside this server.
    pub grant: GrantId,
    pub client_id: ClientId,
    /// The name of this server under which it was given.
    pub issuer: Issuer,
    /// `redirect_uri`, if said. OAuth 2.1 no longer asks for it; clients still send it.
    pub redirect_uri: Option<String>,
    /// The challenge that the request's `code_verifier` answers; none if it has no verifier, or a malformed one.
    pub answers: Option<CodeChallenge>,
    /// The resource, if said; it cannot change.
    pub resource: Option<Resource>,
    /// Who may sign in, by the current settings.
    pub policy: AdmissionPolicy,
}

impl Redemption {
    /// From the code and the other parameters.
    #[must_use]
    pub fn new(
        code: &AuthorizationCode,
        grant: GrantId,
        client_id: ClientId,
        issuer: Issuer,
        policy: AdmissionPolicy,
    ) -> Self {
        Self {
            code: code.id(),
            digest: code.digest(),
            grant,
            client_id,
            issuer,
            redirect_uri: None,
            answers: None,
            resource: None,
            policy,
        }
    }
}

/// What about a redemption does not fit the code. All are `invalid_grant` but the resource, which is `invalid_target`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum RedemptionMismatch {
    #[error("secret")]
    Secret,
    /// It was given to another client.
    #[error("client")]
    Client,
    /// It was given under another name of this server, whose tokens are good there only.
    #[error("issuer")]
    Issuer,
    #[error("redirect_uri")]
    RedirectUri,
    /// The verifier is missing or wrong.
    #[error("verifier")]
    Verifier,
    /// It is for another resource.
    #[error("resource")]
    Resource,
    /// The person may no longer enter.
    #[error("credentials_changed")]
    Credentials,
}
