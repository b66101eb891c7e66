//! Rows of version 1, of which nothing is written any more.

use serde::Deserialize;

use crate::authorize::pkce::CodeChallenge;
use crate::crypto::opaque::Secret;
use crate::grants::authorization_code::CodeId;
use crate::grants::grant::{Authorization, Ended, Grant};
use crate::grants::pending_code::PendingCode;
use crate::grants::refresh_token::Generation;
use crate::grants::rotation::Rotation;
use crate::login::admission::Admission;
use crate::login::passphrase::CredentialVersion;
use crate::resource::protected_resource::Resource;
use mcp_connector_base::codec::{Unreadable, decode_body};
use mcp_connector_base::identifier::{ClientId, GrantId, Subject};
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

#[derive(Deserialize)]
struct AuthorizationOfVersion1 {
    subject: Subject,
    display_name: Option<String>,
    client_id: ClientId,
    client_name: Option<String>,
    redirect_uri: String,
    resource: Resource,
    scope: ScopeSet,
    /// It was always there.
    epoch: Option<CredentialVersion>,
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
            admission: Admission::Version(old.epoch.unwrap_or(CredentialVersion::from_bytes([0; 8]))),
        }
    }
}

/// A grant.
#[derive(Deserialize)]
pub(crate) struct GrantOfVersion1 {
    id: GrantId,
    authorization: AuthorizationOfVersion1,
    secret: Secret,
    generation: Generation,
    rotated_at: Timestamp,
    late_retries: Vec<Timestamp>,
    created_at: Timestamp,
    used_at: Timestamp,
    ended: Option<Ended>,
}

impl GrantOfVersion1 {
    pub(crate) fn read(encoded: &[u8]) -> Result<Grant, Unreadable> {
        let old: Self = decode_body(encoded)?;
        Ok(Grant {
            id: old.id,
            authorization: old.authorization.into(),
            secret: old.secret,
            rotation: Rotation::of_version_1(old.generation, old.rotated_at, old.late_retries),
            created_at: old.created_at,
            used_at: old.used_at,
            ended: old.ended,
            displaced: Vec::new(),
        })
    }
}

/// A code.
#[derive(Deserialize)]
pub(crate) struct PendingCodeOfVersion1 {
    id: CodeId,
    digest: Secret,
    challenge: CodeChallenge,
    authorization: AuthorizationOfVersion1,
    expires: Timestamp,
    redeemed: Option<GrantId>,
}

impl PendingCodeOfVersion1 {
    pub(crate) fn read(encoded: &[u8]) -> Result<PendingCode, Unreadable> {
        let old: Self = decode_body(encoded)?;
        Ok(PendingCode {
            id: old.id,
            digest: old.digest,
            challenge: old.challenge,
            authorization: old.authorization.into(),
            expires: old.expires,
            redeemed: old.redeemed,
        })
    }
}
