//! The redemption of an authorization code (RFC 6749 §4.1.3), and its result.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use mcp_connector_base::identifier::{ClientId, GrantId};
use mcp_connector_base::profile::Profile;

use crate::authorize::pkce::CodeChallenge;
use crate::clients::client_keys::ClientProof;
use crate::crypto::opaque::Secret;
use crate::grants::authorization::Authorization;
use crate::grants::codes::authorization_code::{AuthorizationCode, CodeId};
use crate::grants::grant::Grant;
use crate::grants::refresh::refresh_token::Generation;
use crate::login::admission::AdmissionPolicy;
use crate::resource::protected_resource::Resource;
use crate::web::origin::{Issuer, Origin};

/// Why a code is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum StoreCodeError {
    #[error("too many codes wait")]
    TooMany,
    /// The code is stored already, and redeemed.
    #[error("redeemed before")]
    Redeemed,
}

/// The result of a redemption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redeemed {
    pub grant: GrantId,
    pub authorization: Authorization,
    pub generation: Generation,
    pub proof: Secret,
    /// What the identity provider last said about the person.
    pub profile: Option<Profile>,
}

impl Redeemed {
    /// Returns the first refresh token of a new grant.
    pub(crate) fn first_of(grant: &Grant, profile: Option<Profile>) -> Self {
        Self {
            grant: grant.id(),
            authorization: grant.authorization().clone(),
            generation: grant.generation(),
            proof: grant.proof(),
            profile,
        }
    }
}

/// Why a code is not redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum RedeemError {
    /// There is no such code, or it was deleted.
    #[error("unknown")]
    Unknown,
    #[error("expired")]
    Expired,
    /// The request does not match the code.
    #[error("mismatch: {0}")]
    ParameterMismatch(RedemptionMismatch),
    /// The code was redeemed before, by a request with all the right values. The grant has ended.
    #[error("replayed")]
    Replayed(GrantId),
}

/// A token request with a code, after client authentication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redemption {
    pub code: CodeId,
    /// The digest of the secret in the code.
    pub digest: Secret,
    /// The id of the grant to create. A second redemption with the same id is the same request, whose answer was lost inside this
    /// server.
    pub grant: GrantId,
    pub client_id: ClientId,
    /// What the client has proven itself with.
    pub client_proof: ClientProof,
    /// The issuer under which the request came. Codes of another name of this server are not valid here.
    pub issuer: Issuer,
    /// The other connectors for which the issuer issues tokens.
    pub connectors: Vec<Origin>,
    /// `redirect_uri`, if it is in the request. OAuth 2.1 no longer requires it; clients still send it.
    pub redirect_uri: Option<String>,
    /// The challenge of the request's `code_verifier`, or `None` if that is missing or malformed.
    pub code_challenge: Option<CodeChallenge>,
    /// `resource`, if it is in the request. It cannot change.
    pub resource: Option<Resource>,
    /// Who may sign in, according to the current settings.
    pub policy: AdmissionPolicy,
}

impl Redemption {
    /// Creates a request from a code and its required parameters.
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
            client_proof: ClientProof::SecretOrNone,
            issuer,
            connectors: Vec::new(),
            redirect_uri: None,
            code_challenge: None,
            resource: None,
            policy,
        }
    }
}

/// What does not match. The error is `invalid_grant`, `invalid_target` for the resource, and `invalid_client` for the client's proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum RedemptionMismatch {
    #[error("secret")]
    Secret,
    /// The code was issued to another client.
    #[error("client")]
    Client,
    /// The client has to prove itself with its private key, and has not.
    #[error("client_proof")]
    ClientProof,
    /// The code was issued under another name of this server.
    #[error("issuer")]
    Issuer,
    #[error("redirect_uri")]
    RedirectUri,
    /// The verifier is missing or wrong.
    #[error("verifier")]
    Verifier,
    /// The code is for another resource.
    #[error("resource")]
    Resource,
    /// The person may no longer sign in.
    #[error("credentials_changed")]
    Credentials,
}
