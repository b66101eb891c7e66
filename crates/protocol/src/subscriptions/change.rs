//! What may change while a connector runs, and the notifications of it: `notifications/tools/list_changed`,
//! `notifications/prompts/list_changed`, `notifications/resources/list_changed` and `notifications/resources/updated`
//! ("Subscriptions"; until 2025-11-25 "List Changed Notification" and "Listening for Messages from the Server").

use serde::{Deserialize, Serialize};

use crate::streams::sse_event::sse_event;
use mcp_connector_base::identifier::Subject;
use mcp_connector_base::scope::ScopeSet;

/// A kind of change that a connector announces while it runs, declared with
/// [`Connector::announces`](crate::author::connector::Connector::announces) ("Subscriptions").
///
/// # Examples
///
/// ```
/// use mcp_connector::{Connector, Context, Tool, ToolError, Topic};
///
/// async fn rename(uri: String, cx: Context) -> Result<&'static str, ToolError> {
///     cx.resource_updated(uri).await;
///     cx.resources_changed().await;
///     Ok("Renamed.")
/// }
///
/// let connector = Connector::new("files", "1.0.0")
///     .announces([Topic::ResourceList, Topic::ResourceUpdates])
///     .tool(Tool::new("rename", "Rename a file.", rename).argument("uri", "The file.").title("Rename").destructive());
/// assert_eq!(connector.check(), []);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// The list of tools has changed.
    ToolList,
    /// The list of prompts has changed.
    PromptList,
    /// The list of resources has changed.
    ResourceList,
    /// A resource that somebody subscribed to has changed.
    ResourceUpdates,
}

/// A set of topics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Topics(u8);

impl Topics {
    pub(crate) const fn has(self, topic: Topic) -> bool {
        self.0 & Self::bit(topic) != 0
    }

    pub(crate) const fn with(self, topic: Topic) -> Self {
        Self(self.0 | Self::bit(topic))
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    const fn bit(topic: Topic) -> u8 {
        match topic {
            Topic::ToolList => 1,
            Topic::PromptList => 2,
            Topic::ResourceList => 4,
            Topic::ResourceUpdates => 8,
        }
    }
}

impl FromIterator<Topic> for Topics {
    fn from_iter<I: IntoIterator<Item = Topic>>(topics: I) -> Self {
        topics.into_iter().fold(Self::default(), Self::with)
    }
}

/// A change that is announced to clients that listen.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Change, Subject, announce, announce_to, worker};
///
/// async fn published(env: &worker::Env, author: &Subject) {
///     announce(env, Change::Resources).await;
///     announce_to(env, author, Change::resource("draft://7")).await;
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// The list of tools.
    Tools,
    /// The list of prompts.
    Prompts,
    /// The list of resources.
    Resources,
    /// The resource with this URI.
    Resource(String),
}

/// The people whom a change concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    /// Everybody who listens.
    Everybody,
    /// Only people who have signed in: what has changed needs that.
    SignedIn,
}

/// Whom a change concerns, if what has changed needs a sign-in. Everybody else hears of it as well if it does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Concerns {
    /// One person: who has caused it, or to whom it is announced.
    Person(Subject),
    /// Nobody: a client without a token has caused it.
    Nobody,
    /// Everybody whose token has these scopes.
    Everybody(ScopeSet),
}

impl Concerns {
    /// Returns whom a change concerns that a call has caused.
    #[must_use]
    pub fn caller(subject: Option<&Subject>) -> Self {
        subject.cloned().map_or(Self::Nobody, Self::Person)
    }
}

/// The member of `_meta` that names the subscription of a notification.
pub(crate) const SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";

impl Change {
    /// Creates a change of the resource with this URI.
    #[must_use]
    pub fn resource(uri: impl Into<String>) -> Self {
        Self::Resource(uri.into())
    }

    /// Returns the topic that a connector must declare to announce the change.
    #[must_use]
    pub const fn topic(&self) -> Topic {
        match self {
            Self::Tools => Topic::ToolList,
            Self::Prompts => Topic::PromptList,
            Self::Resources => Topic::ResourceList,
            Self::Resource(_) => Topic::ResourceUpdates,
        }
    }

    const fn method(&self) -> &'static str {
        match self {
            Self::Tools => "notifications/tools/list_changed",
            Self::Prompts => "notifications/prompts/list_changed",
            Self::Resources => "notifications/resources/list_changed",
            Self::Resource(_) => "notifications/resources/updated",
        }
    }

    /// Returns the notification as an event. `subscription` is the id of the subscription as JSON; legacy streams have none.
    pub(crate) fn event(&self, subscription: Option<&str>) -> Vec<u8> {
        let meta = subscription.map(|id| format!("\"_meta\":{{\"{SUBSCRIPTION_ID}\":{id}}}"));
        let uri = match self {
            // Only URIs can be subscribed to, and JSON escapes no character of a URI.
            Self::Resource(uri) => Some(format!("\"uri\":\"{uri}\"")),
            Self::Tools | Self::Prompts | Self::Resources => None,
        };
        let members: Vec<String> = [meta, uri].into_iter().flatten().collect();
        let params = if members.is_empty() { String::new() } else { format!(",\"params\":{{{}}}", members.join(",")) };
        sse_event(format!("{{\"jsonrpc\":\"2.0\",\"method\":\"{}\"{params}}}", self.method()).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn message(change: &Change, subscription: Option<&str>) -> Value {
        let event = String::from_utf8(change.event(subscription)).unwrap();
        let data = event.strip_prefix("event: message\ndata: ").unwrap().strip_suffix("\n\n").unwrap();
        serde_json::from_str(data).unwrap()
    }

    #[test]
    fn a_notification_carries_the_id_of_its_subscription_with_its_type() {
        for (id, expected) in [("7", json!(7)), ("\"7\"", json!("7")), ("\"a\\\"b\"", json!("a\"b"))] {
            assert_eq!(
                message(&Change::Tools, Some(id)),
                json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed",
                       "params": {"_meta": {SUBSCRIPTION_ID: expected}}})
            );
        }
        assert_eq!(
            message(&Change::Resource("note://1?a=b#c".to_owned()), Some("1")),
            json!({"jsonrpc": "2.0", "method": "notifications/resources/updated",
                   "params": {"_meta": {SUBSCRIPTION_ID: 1}, "uri": "note://1?a=b#c"}})
        );
    }

    #[test]
    fn a_legacy_notification_carries_no_id() {
        assert_eq!(
            message(&Change::Prompts, None),
            json!({"jsonrpc": "2.0", "method": "notifications/prompts/list_changed"})
        );
        assert_eq!(
            message(&Change::Resource("note://1".to_owned()), None),
            json!({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": "note://1"}})
        );
    }

    #[test]
    fn topics_are_a_set() {
        let topics = Topics::from_iter([Topic::ToolList, Topic::ResourceUpdates, Topic::ToolList]);
        assert!(topics.has(Topic::ToolList) && topics.has(Topic::ResourceUpdates));
        assert!(!topics.has(Topic::PromptList) && !topics.has(Topic::ResourceList));
        assert!(Topics::default().is_empty() && !topics.is_empty());
    }
}
