//! The `Grants` objects, as the endpoints reach them.

use std::time::Duration;

use worker::Env;

use mcp_connector_base::outage::Outage;
use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_oauth::grants::commands::{EndClientGrants, Grants, GrantsCommand, ListAccess};
use mcp_connector_oauth::grants::history::record::AccessRecord;
use mcp_connector_oauth::upstream::commands::{GetUpstreamToken, UpstreamTokenAnswer};
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
    /// Returns the token of an upstream account, for which the object may wait.
    pub(crate) async fn upstream_token(
        &self,
        object: ObjectName,
        command: &GetUpstreamToken,
        patience: Duration,
    ) -> Result<UpstreamTokenAnswer, Unavailable> {
        let object = ObjectStub::new(self.env, Binding::Grants, object.to_string());
        match object.ask_patiently(command, patience).await {
            // The object may have been replaced while it waited. A refresh that it had begun goes on with the same refresh token.
            Err(Unavailable) => object.ask_patiently(command, patience).await,
            answer => answer,
        }
    }

    /// Returns what had access for the person whose object has this name.
    pub(crate) async fn list_access(
        &self,
        object: &str,
        command: &ListAccess,
    ) -> Result<Vec<AccessRecord>, Unavailable> {
        ObjectStub::new(self.env, Binding::Grants, object).ask_again(command).await
    }

    /// Ends the grants of a client in the object of this name.
    pub(crate) async fn end_client(&self, object: &str, command: &EndClientGrants) -> Result<(), Unavailable> {
        ObjectStub::new(self.env, Binding::Grants, object).ask(command).await.map(drop)
    }
}
