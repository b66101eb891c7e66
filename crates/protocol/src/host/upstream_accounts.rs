//! The accounts that people have at upstream services.

use std::future::Future;
use std::time::Duration;

use crate::author::tools::tool_error::ToolError;
use mcp_connector_base::caller::Caller;

/// Where upstream accounts are stored, and how requests are made with them.
pub trait UpstreamAccounts {
    /// A client that sends a person's token with each request.
    type UpstreamClient: 'static;

    /// Returns a client that sends `secret` as a bearer token, to `hosts` only.
    fn upstream_client(&self, hosts: &[String], secret: &str) -> Self::UpstreamClient;

    /// Returns a client with the token of a person at the service `name`. If they have not connected their account, waits for that as
    /// long as `patience`.
    ///
    /// # Errors
    ///
    /// Fails with a text for the model if there is no such service, if it is not set up, and if nothing is known because something is
    /// out of reach.
    fn upstream(
        &self,
        name: &str,
        caller: &Caller,
        patience: Duration,
    ) -> impl Future<Output = Result<UpstreamAccount<Self::UpstreamClient>, ToolError>>;
}

/// A person's account at an upstream service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamAccount<C> {
    Connected(C),
    /// The person has to connect it.
    NotConnected(ConnectRequest),
}

/// Where a person connects an upstream account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectRequest {
    /// The name of the service that people see.
    pub title: String,
    /// The page on which they connect it. It finds out by itself who opens it.
    pub url: String,
    /// Whether the account was connected before.
    pub history: ConnectHistory,
}

/// Whether an account was connected before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectHistory {
    /// It never was, or the person has disconnected it.
    New,
    /// The service no longer accepts what it gave.
    Ended,
}
