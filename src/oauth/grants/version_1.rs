//! Rows of version 1, of which nothing is written any more.

use serde::Deserialize;

use super::code::PendingCode;
use super::grant::{Authorization, Ended, Grant};
use super::rotation::Rotation;
use crate::caller::{ClientId, GrantId, ScopeSet, Subject};
use crate::oauth::Timestamp;
use crate::oauth::admission::Admission;
use crate::oauth::code::CodeId;
use crate::oauth::compact::{Unreadable, read_bare};
use crate::oauth::opaque::Secret;
use crate::oauth::passphrase::Epoch;
use crate::oauth::pkce::CodeChallenge;
use crate::oauth::refresh_token::Generation;
use crate::oauth::resource::Resource;

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
    epoch: Option<Epoch>,
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
            admission: Admission::Version(old.epoch.unwrap_or(Epoch::from_bytes([0; 8]))),
        }
    }
}

/// A grant.
#[derive(Deserialize)]
pub(super) struct GrantOfVersion1 {
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
    pub(super) fn read(encoded: &[u8]) -> Result<Grant, Unreadable> {
        let old: Self = read_bare(encoded)?;
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
pub(super) struct PendingCodeOfVersion1 {
    id: CodeId,
    digest: Secret,
    challenge: CodeChallenge,
    authorization: AuthorizationOfVersion1,
    expires: Timestamp,
    redeemed: Option<GrantId>,
}

impl PendingCodeOfVersion1 {
    pub(super) fn read(encoded: &[u8]) -> Result<PendingCode, Unreadable> {
        let old: Self = read_bare(encoded)?;
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
