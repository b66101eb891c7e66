//! How a handler announces changes.

use crate::call::context::Context;
use crate::host::bundle::Host;
use crate::subscriptions::change::Change;

/// Announcements of changes ("Subscriptions").
///
/// An announcement reaches the streams of all instances within a second and waits for no client. A change that is not declared
/// with [`Connector::announces`](crate::author::connector::Connector::announces) is not sent. An announcement that cannot be
/// sent does not fail the call.
impl<H: Host> Context<H> {
    /// Announces to every client that listens that the list of tools has changed.
    pub async fn tools_changed(&self) {
        self.announce(Change::Tools).await;
    }

    /// Announces to every client that listens that the list of prompts has changed.
    pub async fn prompts_changed(&self) {
        self.announce(Change::Prompts).await;
    }

    /// Announces that the list of resources has changed.
    ///
    /// If every list of a template needs a sign-in, only the list of the person who is calling has changed, and only their own
    /// streams get the announcement.
    pub async fn resources_changed(&self) {
        self.announce(Change::Resources).await;
    }

    /// Announces to those who subscribed to `uri` that the resource has changed.
    ///
    /// If the resource needs a sign-in, only streams of the person who is calling get the announcement: nobody else learns that
    /// it exists.
    pub async fn resource_updated(&self, uri: impl Into<String>) {
        self.announce(Change::Resource(uri.into())).await;
    }

    async fn announce(&self, change: Change) {
        self.host().publish(&change, self.caller().map(|caller| &caller.subject)).await;
    }
}
