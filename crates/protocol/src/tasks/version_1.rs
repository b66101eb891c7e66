//! The row of a task's call in version 1, which is read and no longer written: nothing was known of a caller but the name.

use std::sync::Arc;

use serde::Deserialize;

use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::{ClientId, GrantId, Subject};
use mcp_connector_base::scope::ScopeSet;

#[derive(Deserialize)]
pub(crate) struct TaskCallOfVersion1 {
    pub(crate) tool: String,
    pub(crate) arguments: String,
    pub(crate) version: u8,
    pub(crate) capabilities: u8,
    pub(crate) caller: Option<CallerOfVersion1>,
}

#[derive(Deserialize)]
pub(crate) struct CallerOfVersion1 {
    subject: Subject,
    client_id: ClientId,
    scopes: ScopeSet,
    display_name: Option<Arc<str>>,
    grant: Option<GrantId>,
}

impl From<CallerOfVersion1> for Caller {
    fn from(old: CallerOfVersion1) -> Self {
        Self { display_name: old.display_name, grant: old.grant, ..Self::new(old.subject, old.client_id, old.scopes) }
    }
}
