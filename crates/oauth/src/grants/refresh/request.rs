//! A refresh request (RFC 6749 §6), and its result.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use mcp_connector_base::identifier::{ClientId, GrantId};
use mcp_connector_base::profile::Profile;
use mcp_connector_base::scope::ScopeSet;

use crate::clients::client_keys::ClientProof;
use crate::crypto::opaque::Secret;
use crate::grants::authorization::Authorization;
use crate::grants::refresh::refresh_token::{Generation, RefreshToken};
use crate::grants::refresh::rotation::Retry;
use crate::login::admission::AdmissionPolicy;
use crate::resource::protected_resource::Resource;
use crate::web::network::Network;
use crate::web::origin::{Issuer, Origin};

/// A refresh request, after client authentication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshRequest {
    /// The grant that the token names.
    pub grant: GrantId,
    pub generation: Generation,
    /// The proof in the token.
    pub proof: Secret,
    pub client_id: ClientId,
    /// What the client has proven itself with.
    pub client_proof: ClientProof,
    /// The issuer under which the request came. Grants of another name of this server are not valid here.
    pub issuer: Issuer,
    /// The other connectors for which the issuer issues tokens.
    pub connectors: Vec<Origin>,
    /// `scope`, if it is in the request. Otherwise the access token gets all granted scopes.
    pub scope: Option<ScopeSet>,
    /// `resource`, if it is in the request. It cannot change.
    pub resource: Option<Resource>,
    /// The network that the request came from.
    pub from: Option<Network>,
    /// Who may sign in, according to the current settings.
    pub policy: AdmissionPolicy,
}

impl RefreshRequest {
    /// Creates a request from a token and its required parameters.
    #[must_use]
    pub fn new(token: &RefreshToken, client_id: ClientId, issuer: Issuer, policy: AdmissionPolicy) -> Self {
        Self {
            grant: token.grant(),
            generation: token.generation(),
            proof: token.proof().clone(),
            client_id,
            client_proof: ClientProof::SecretOrNone,
            issuer,
            connectors: Vec::new(),
            scope: None,
            resource: None,
            from: None,
            policy,
        }
    }
}

/// What a successful refresh gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// What the access token allows.
    pub authorization: Authorization,
    /// The scopes of the access token.
    pub scope: ScopeSet,
    /// The generation of the live refresh token.
    pub generation: Generation,
    pub proof: Secret,
    /// Whether the same refresh token was used before.
    pub retry: Retry,
    /// What the identity provider last said about the person.
    pub profile: Option<Profile>,
}

/// Why a refresh is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum RefreshError {
    /// There is no such grant, or the token does not belong to it.
    #[error("unknown")]
    Unknown,
    #[error("expired")]
    Expired,
    #[error("ended")]
    Ended,
    /// The grant belongs to another client.
    #[error("other_client")]
    OtherClient,
    /// The client has to prove itself with its private key, and has not.
    #[error("client_proof")]
    ClientProof,
    /// The grant was given under another name of this server.
    #[error("other_issuer")]
    OtherIssuer,
    /// The grant is for another resource.
    #[error("other_resource")]
    OtherResource,
    /// None of the requested scopes was granted.
    #[error("scope")]
    Scope,
    /// The token was used before, and not just before. The grant ends.
    #[error("replayed")]
    Replayed,
    /// The person may no longer sign in. The grant ends.
    #[error("credentials_changed")]
    CredentialsChanged,
    /// The token is older than the last, and came from the network that has the live one. The grant continues.
    #[error("outdated")]
    Outdated,
}

/// The result of a refresh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refreshed {
    /// The new tokens, or why there are none.
    pub answer: Result<Renewal, RefreshError>,
    /// Whether the use was recorded in the directory, which happens once a day.
    pub use_is_recorded: bool,
}
