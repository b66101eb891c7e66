//! How a handler announces changes.

use crate::call::context::Context;
use crate::subscriptions::change::Change;
use crate::transport::host::Host;

/// Announcements. They reach the streams of all instances within a second and wait for no client. What was not declared with
/// [`Connector::announces`](crate::author::connector::Connector::announces) is not sent, and one that cannot be sent never fails the call.
impl<H: Host> Context<H> {
    /// Tells every client that listens that the list of tools has changed.
    pub async fn tools_changed(&self) {
        self.announce(Change::Tools).await;
    }

    /// Tells every client that listens that the list of prompts has changed.
    pub async fn prompts_changed(&self) {
        self.announce(Change::Prompts).await;
    }

    /// Tells clients that the list of resources has changed. Where every list needs a sign-in, only the person who is
    /// calling has another list now, and only their own streams are told.
    pub async fn resources_changed(&self) {
        self.announce(Change::Resources).await;
    }

    /// Tells those who subscribed to `uri` that it has changed. Where the resource needs a sign-in, only streams of the
    /// person who is calling are told; nobody else learns that there is such a resource.
    pub async fn resource_updated(&self, uri: impl Into<String>) {
        self.announce(Change::Resource(uri.into())).await;
    }

    async fn announce(&self, change: Change) {
        self.host().publish(&change, self.caller().map(|caller| &caller.subject)).await;
    }
}
