//! The members of the filter of `subscriptions/listen` (`SubscriptionFilter`), and their limits.

use serde_json::{Map, Value, json};

use crate::subscriptions::change::Topic;
use crate::subscriptions::interest::Interest;
use crate::tasks::message::TaskId;

/// Most resources that one stream, or one session, may subscribe to.
pub(crate) const MAX_URIS: usize = 100;

/// Longest that all their URIs may be together, in bytes. They are kept as long as the stream is open.
pub(crate) const MAX_URI_BYTES: usize = 16 * 1024;

/// Most tasks that one stream may listen to. The object of each is asked when the stream begins.
pub(crate) const MAX_TASKS: usize = 32;

/// The members that ask for changes of a list.
pub(crate) const LISTS: [(&str, Topic); 3] = [
    ("toolsListChanged", Topic::ToolList),
    ("promptsListChanged", Topic::PromptList),
    ("resourcesListChanged", Topic::ResourceList),
];

/// The member that names resources.
pub(crate) const URIS: &str = "resourceSubscriptions";

/// The member that names tasks.
pub(crate) const TASKS: &str = "taskIds";

/// Returns what is honoured, in the form of the request.
pub(crate) fn honoured(interest: &Interest) -> Value {
    let mut filter = Map::new();
    for (name, topic) in LISTS {
        if interest.lists.has(topic) {
            filter.insert(name.to_owned(), json!(true));
        }
    }
    let mut list = |name: &str, values: Vec<&str>| {
        if !values.is_empty() {
            filter.insert(name.to_owned(), json!(values));
        }
    };
    list(URIS, interest.uris.iter().map(|watched| watched.uri.as_str()).collect());
    list(TASKS, interest.tasks.iter().map(TaskId::as_str).collect());
    Value::Object(filter)
}
