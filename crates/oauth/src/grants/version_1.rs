//! Rows of version 1, which are read and no longer written.

use serde::Deserialize;

use mcp_connector_base::identifier::{ClientId, GrantId, Subject};
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

use crate::authorize::pkce::CodeChallenge;
use crate::clients::client_keys::ClientProof;
use crate::crypto::credential_version::CredentialVersion;
use crate::crypto::opaque::Secret;
use crate::grants::authorization::Authorization;
use crate::grants::codes::authorization_code::CodeId;
use crate::grants::ended::Ended;
use crate::grants::refresh::refresh_token::Generation;
use crate::login::admission::Admission;
use crate::resource::protected_resource::Resource;

#[derive(Deserialize)]
pub(crate) struct AuthorizationOfVersion1 {
    subject: Subject,
    display_name: Option<String>,
    client_id: ClientId,
    client_name: Option<String>,
    redirect_uri: String,
    resource: Resource,
    scope: ScopeSet,
    credential_version: Option<CredentialVersion>,
}

impl From<AuthorizationOfVersion1> for Authorization {
    fn from(old: AuthorizationOfVersion1) -> Self {
        Self {
            subject: old.subject,
            display_name: old.display_name,
            client_id: old.client_id,
            client_name: old.client_name,
            redirect_uri: old.redirect_uri,
            resource: old.resource,
            scope: old.scope,
            admission: Admission::Version(old.credential_version.unwrap_or(CredentialVersion::from_bytes([0; 8]))),
            client_proof: ClientProof::SecretOrNone,
        }
    }
}

/// A grant in version 1.
#[derive(Deserialize)]
pub(crate) struct GrantOfVersion1 {
    pub(crate) id: GrantId,
    pub(crate) authorization: AuthorizationOfVersion1,
    pub(crate) secret: Secret,
    pub(crate) generation: Generation,
    pub(crate) rotated_at: Timestamp,
    pub(crate) late_retries: Vec<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) used_at: Timestamp,
    pub(crate) ended: Option<Ended>,
}

/// A code in version 1.
#[derive(Deserialize)]
pub(crate) struct PendingCodeOfVersion1 {
    pub(crate) id: CodeId,
    pub(crate) digest: Secret,
    pub(crate) challenge: CodeChallenge,
    pub(crate) authorization: AuthorizationOfVersion1,
    pub(crate) expires: Timestamp,
    pub(crate) redeemed: Option<GrantId>,
}
