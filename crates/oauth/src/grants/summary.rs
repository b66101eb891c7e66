//! The line for a grant on the account page.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::{ClientId, GrantId};
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

use crate::grants::grant::{Displaced, Grant};
use crate::grants::limits::Limits;
use crate::resource::protected_resource::Resource;

/// A grant, as the account page lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantSummary {
    pub id: GrantId,
    pub client_id: ClientId,
    /// The name that the client gave itself. It is not verified.
    pub client_name: Option<String>,
    /// The redirect URI to which the code was sent. It is empty if a trusted issuer has admitted the client.
    pub redirect_uri: String,
    /// The trusted issuer that has admitted the client.
    pub asserted_by: Option<String>,
    pub resource: Resource,
    pub scope: ScopeSet,
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub used_at: Timestamp,
    /// When it expires unless it is used.
    pub expires: Timestamp,
    /// The grants that ended to make room for it.
    pub displaced: Vec<Displaced>,
}

impl GrantSummary {
    pub(crate) fn of(grant: &Grant, limits: &Limits) -> Self {
        let agreed = grant.authorization();
        Self {
            id: grant.id(),
            client_id: agreed.client_id.clone(),
            client_name: agreed.client_name.clone(),
            redirect_uri: agreed.redirect_uri.clone(),
            asserted_by: agreed.asserted_by().map(str::to_owned),
            resource: agreed.resource.clone(),
            scope: agreed.scope.clone(),
            created_at: grant.created_at(),
            used_at: grant.used_at(),
            expires: grant.expires(limits),
            displaced: grant.displaced().to_vec(),
        }
    }
}
