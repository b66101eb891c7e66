//! Rows of version 2, which are read and no longer written. No client had to sign then.

use serde::Deserialize;

use mcp_connector_base::identifier::{ClientId, GrantId, Subject};
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

use crate::authorize::pkce::CodeChallenge;
use crate::clients::client_keys::ClientProof;
use crate::crypto::opaque::Secret;
use crate::grants::authorization::Authorization;
use crate::grants::codes::authorization_code::CodeId;
use crate::grants::ended::Ended;
use crate::grants::refresh::rotation::Rotation;
use crate::login::admission::Admission;
use crate::resource::protected_resource::Resource;

#[derive(Deserialize)]
pub(crate) struct AuthorizationOfVersion2 {
    subject: Subject,
    display_name: Option<String>,
    client_id: ClientId,
    client_name: Option<String>,
    redirect_uri: String,
    resource: Resource,
    scope: ScopeSet,
    admission: Admission,
}

impl From<AuthorizationOfVersion2> for Authorization {
    fn from(old: AuthorizationOfVersion2) -> Self {
        Self {
            subject: old.subject,
            display_name: old.display_name,
            client_id: old.client_id,
            client_name: old.client_name,
            redirect_uri: old.redirect_uri,
            resource: old.resource,
            scope: old.scope,
            admission: old.admission,
            client_proof: ClientProof::SecretOrNone,
        }
    }
}

/// A grant in version 2. Those that ended to make room for it are `D`.
#[derive(Deserialize)]
pub(crate) struct GrantOfVersion2<D> {
    pub(crate) id: GrantId,
    pub(crate) authorization: AuthorizationOfVersion2,
    pub(crate) secret: Secret,
    pub(crate) rotation: Rotation,
    pub(crate) created_at: Timestamp,
    pub(crate) used_at: Timestamp,
    pub(crate) ended: Option<Ended>,
    pub(crate) displaced: Vec<D>,
}

/// A code in version 2.
#[derive(Deserialize)]
pub(crate) struct PendingCodeOfVersion2 {
    pub(crate) id: CodeId,
    pub(crate) digest: Secret,
    pub(crate) challenge: CodeChallenge,
    pub(crate) authorization: AuthorizationOfVersion2,
    pub(crate) expires: Timestamp,
    pub(crate) redeemed: Option<GrantId>,
}
