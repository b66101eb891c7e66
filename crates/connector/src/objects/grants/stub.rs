//! The `Grants` objects, as the endpoints reach them.

use worker::Env;

use mcp_connector_base::outage::Outage;
use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_oauth::grants::commands::{EndClientGrants, Grants, GrantsCommand};
use mcp_connector_protocol::Unavailable;

use crate::config::bindings::Binding;
use crate::objects::stub::ObjectStub;

/// The objects of all subjects.
pub(crate) struct GrantsStub<'a> {
    pub(crate) env: &'a Env,
}

impl Grants for GrantsStub<'_> {
    async fn ask<C: GrantsCommand>(&self, object: ObjectName, command: C) -> Result<C::Answer, Outage> {
        // Each command gives the same answer again: a redemption names the grant that comes of it, and a refresh the generation.
        let answer = ObjectStub::new(self.env, Binding::Grants, object.to_string()).ask_again(&command).await;
        answer.map_err(|Unavailable| Outage::Storage)
    }
}

impl GrantsStub<'_> {
    /// Ends the grants of a client in the object of this name.
    pub(crate) async fn end_client(&self, object: &str, command: &EndClientGrants) -> Result<(), Unavailable> {
        ObjectStub::new(self.env, Binding::Grants, object).ask(command).await.map(drop)
    }
}
