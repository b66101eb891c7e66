//! A refresh request (RFC 6749 §6) and what comes of it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use mcp_connector_base::identifier::{ClientId, GrantId};
use mcp_connector_base::scope::ScopeSet;

use crate::crypto::opaque::Secret;
use crate::grants::authorization::Authorization;
use crate::grants::refresh::refresh_token::{Generation, RefreshToken};
use crate::grants::refresh::rotation::Retry;
use crate::login::admission::AdmissionPolicy;
use crate::resource::protected_resource::Resource;
use crate::web::network::Network;
use crate::web::origin::Issuer;

/// A refresh request whose token has been read and whose client is authenticated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshRequest {
    /// Which grant the token names,
    pub grant: GrantId,
    pub generation: Generation,
    /// and how it proves both.
    pub proof: Secret,
    pub client_id: ClientId,
    /// The name of this server under which it was given.
    pub issuer: Issuer,
    /// The scopes the new access token shall have; all if not said.
    pub scope: Option<ScopeSet>,
    /// The resource, if said; it cannot change.
    pub resource: Option<Resource>,
    /// Where the request came from.
    pub from: Option<Network>,
    /// Who may sign in, by the current settings.
    pub policy: AdmissionPolicy,
}

impl RefreshRequest {
    /// From the token and the other parameters.
    #[must_use]
    pub fn new(token: &RefreshToken, client_id: ClientId, issuer: Issuer, policy: AdmissionPolicy) -> Self {
        Self {
            grant: token.grant(),
            generation: token.generation(),
            proof: token.proof().clone(),
            client_id,
            issuer,
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
    /// What the access token is for.
    pub authorization: Authorization,
    /// The scopes it shall have.
    pub scope: ScopeSet,
    /// The refresh token that is live now.
    pub generation: Generation,
    pub proof: Secret,
    /// Whether the answer was given before.
    pub retry: Retry,
}

/// Why a refresh is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum RefreshError {
    /// No such grant, or the token does not belong to it.
    #[error("unknown")]
    Unknown,
    #[error("expired")]
    Expired,
    #[error("ended")]
    Ended,
    /// It was given to another client.
    #[error("other_client")]
    OtherClient,
    /// It was given under another name of this server, whose tokens are good there only.
    #[error("other_issuer")]
    OtherIssuer,
    /// It is for another resource.
    #[error("other_resource")]
    OtherResource,
    /// None of the scopes asked for was granted.
    #[error("scope")]
    Scope,
    /// The token was used before, and not just before: the grant ends now.
    #[error("replayed")]
    Replayed,
    /// The person may no longer enter: the grant ends now.
    #[error("credentials_changed")]
    CredentialsChanged,
    /// The token is older than the last, and was sent from the network that has the live one. The grant goes on.
    #[error("outdated")]
    Outdated,
}

/// What a refresh gives, or that it ended the grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refreshed {
    /// The new tokens, or why there are none.
    pub answer: Result<Renewal, RefreshError>,
    /// Whether the use was entered in the directory with this refresh, which it is once a day.
    pub entered: bool,
}
