//! `subscriptions/listen`: which changes a client wants to hear of, and what of that this server says ("Subscriptions").
//!
//! This only decides what is honoured and writes the first and the last message. The stream is held by the edge.

use serde_json::{Value, json};

use crate::author::registry::Registry;
use crate::author::uri_template::Uri;
use crate::json_rpc::request_id::RequestId;
use crate::json_rpc::response::to_bytes;
use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::methods::operation::{Response, complete};
use crate::methods::resources::Found;
use crate::subscriptions::change::{SUBSCRIPTION_ID, Topic, Topics};
use crate::subscriptions::hub::{Interest, Listener, ListenerKind, Watched};
use crate::tasks;
use crate::tasks::message::TaskId;
use crate::transport::endpoint::Reply;
use crate::transport::host::{Host, Unavailable};
use crate::transport::sse_event::sse_event;
use crate::types::client_capabilities::{ClientCapabilities, ClientCapability};
use crate::types::result::{Empty, ResultFields};
use crate::types::version::ProtocolVersion;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::json::Object;
use mcp_connector_base::scope::ScopeSet;

/// Most resources that one stream, or one session, may subscribe to.
pub(crate) const MAX_URIS: usize = 100;

/// Longest that all their URIs may be together, in bytes. They are kept as long as the stream is open.
const MAX_URI_BYTES: usize = 16 * 1024;

/// A well-formed request to listen: what of it is honoured.
#[derive(Debug, PartialEq)]
pub(crate) struct Listen(Interest);

impl Listen {
    /// Whatever this server does not announce, and every URI that leads nowhere, is left out of what is honoured. Which of
    /// the tasks are is not known yet.
    pub(crate) fn parse<H: 'static>(
        params: &Object,
        registry: &Registry<H>,
        capabilities: ClientCapabilities,
    ) -> Result<Self, RpcError> {
        let filter = params.get("notifications").and_then(Value::as_object).ok_or_else(|| {
            RpcError::invalid_params("`notifications` must be an object: the changes that you want to hear of.")
        })?;
        let mut lists = Topics::default();
        for (name, topic) in LISTS {
            match filter.get(name) {
                Some(Value::Bool(true)) if registry.announces(topic) => lists = lists.with(topic),
                None | Some(Value::Bool(_)) => {}
                Some(_) => {
                    return Err(RpcError::invalid_params(format!("`notifications.{name}` must be true or false.")));
                }
            }
        }
        let mut uris: Vec<Watched> = Vec::new();
        for uri in wanted_uris(filter)? {
            let uri = uri?;
            if !registry.announces(Topic::ResourceUpdates) || uris.iter().any(|known| known.uri == uri.as_str()) {
                continue;
            }
            if let Some(found) = Found::at(&uri, registry) {
                uris.push(Watched::new(&uri, found.required()));
            }
        }
        let tasks = if registry.has_tasks() { tasks::wanted(filter)? } else { Vec::new() };
        if !tasks.is_empty() && !capabilities.has(ClientCapability::Tasks) {
            return Err(RpcError::missing_client_capability(ClientCapability::Tasks));
        }
        Ok(Self(Interest { lists, own_resource_list: registry.resource_lists_are_own(), uris, tasks }))
    }

    /// A subscription of which nothing is honoured.
    pub(crate) fn to_nothing() -> Self {
        Self(Interest::default())
    }

    /// The subscription that begins with the request `id`.
    pub(crate) fn begin<H: 'static>(self, id: RequestId, caller: Option<&Caller>, registry: &Registry<H>) -> Listening {
        let end = complete(&id, registry, ProtocolVersion::V2026_07_28, Ended::of(&id)).body;
        Listening { last: sse_event(&end), interest: self.0, caller: caller.cloned(), id }
    }
}

/// What is honoured, in the form of the request.
fn honoured(interest: &Interest) -> Value {
    let mut members = Object::new();
    for (name, topic) in LISTS {
        if interest.lists.has(topic) {
            members.insert(name.to_owned(), json!(true));
        }
    }
    let mut list = |name: &str, values: Vec<&str>| {
        if !values.is_empty() {
            members.insert(name.to_owned(), json!(values));
        }
    };
    list(URIS, interest.uris.iter().map(|watched| watched.uri.as_str()).collect());
    list(tasks::IDS, interest.tasks.iter().map(TaskId::as_str).collect());
    members.into()
}

const LISTS: [(&str, Topic); 3] = [
    ("toolsListChanged", Topic::ToolList),
    ("promptsListChanged", Topic::PromptList),
    ("resourcesListChanged", Topic::ResourceList),
];
const URIS: &str = "resourceSubscriptions";

type WantedUri = Result<Uri, RpcError>;

fn wanted_uris(filter: &Object) -> Result<impl Iterator<Item = WantedUri>, RpcError> {
    let wrong = || {
        RpcError::invalid_params(format!(
            "`notifications.{URIS}` must be a list of at most {MAX_URIS} URIs, of {MAX_URI_BYTES} bytes in all."
        ))
    };
    let uris = match filter.get(URIS) {
        None => &[][..],
        Some(Value::Array(uris)) if uris.len() <= MAX_URIS && length(uris) <= MAX_URI_BYTES => uris,
        Some(_) => return Err(wrong()),
    };
    Ok(uris.iter().map(move |uri| uri.as_str().and_then(|uri| Uri::parse(uri).ok()).ok_or_else(wrong)))
}

fn length(uris: &[Value]) -> usize {
    uris.iter().filter_map(Value::as_str).map(str::len).sum()
}

/// The scopes that it takes to listen to what `params` names: those of reading a resource, and of calling the tool of a task.
pub(crate) fn required<H: 'static>(params: &Object, registry: &Registry<H>) -> ScopeSet {
    let tools = tasks::tools_in(params, registry);
    let required = tools.iter().fold(ScopeSet::default(), |all, tool| all.union(&tool.required));
    let filter = params.get("notifications").and_then(Value::as_object);
    match filter.map(wanted_uris) {
        Some(Ok(uris)) if registry.announces(Topic::ResourceUpdates) => {
            let found = uris.filter_map(|uri| Found::at(&uri.ok()?, registry));
            found.fold(required, |all, found| all.union(found.required()))
        }
        _ => required,
    }
}

/// The result that ends a subscription.
struct Ended(Object);

impl Ended {
    fn of(id: &RequestId) -> Self {
        Self(Object::from_iter([(SUBSCRIPTION_ID.to_owned(), json!(id))]))
    }
}

impl ResultFields for Ended {
    fn fields<M: serde::ser::SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        Empty.fields(map)
    }

    fn meta(&self) -> Option<&Object> {
        Some(&self.0)
    }
}

/// A subscription that was accepted and waits for somebody to hold its stream.
pub struct Listening {
    id: RequestId,
    interest: Interest,
    caller: Option<Caller>,
    last: Vec<u8>,
}

impl Listening {
    /// Leaves out tasks that are none, or not the caller's. Comes before everything else.
    pub async fn find_tasks<H: Host>(&mut self, host: &H) -> Result<(), Unavailable> {
        tasks::find(&mut self.interest.tasks, self.caller.as_ref(), host).await
    }

    /// The tasks that it listens to.
    #[must_use]
    pub fn tasks(&self) -> &[TaskId] {
        &self.interest.tasks
    }

    /// The acknowledgement.
    fn first(&self) -> Vec<u8> {
        let acknowledged = json!({
            "jsonrpc": "2.0",
            "method": "notifications/subscriptions/acknowledged",
            "params": { "_meta": { SUBSCRIPTION_ID: self.id }, "notifications": honoured(&self.interest) },
        });
        sse_event(&to_bytes(&acknowledged, 256))
    }

    /// Acknowledgement and end at once, where there is nothing to wait for: none of what was asked for is announced here.
    #[must_use]
    pub fn ended(&self) -> Option<Vec<u8>> {
        self.interest.is_empty().then(|| self.unheld())
    }

    /// The same, for a subscription that nobody holds.
    #[must_use]
    pub fn unheld(&self) -> Vec<u8> {
        [self.first(), self.last.clone()].concat()
    }

    /// Who listens, and the event that the stream begins with. `until` is when the token expires, in seconds since 1970.
    #[must_use]
    pub fn into_listener(self, until: Option<u64>) -> (Listener, Vec<u8>) {
        let first = self.first();
        let role =
            ListenerKind::Subscription { id: serde_json::to_string(&self.id).unwrap_or_default(), end: self.last };
        (Listener::new(self.caller.as_ref(), until, self.interest, role), first)
    }

    /// The answer where the stream cannot be held, from its status and text.
    pub fn refusal(&self) -> impl FnOnce(u16, &str) -> Reply + use<> {
        let id = self.id.clone();
        move |status, message| Response::error(Some(&id), &RpcError::new(ErrorCode::Internal, message), status).into()
    }

    /// Who asked.
    #[must_use]
    pub fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::connector::Connector;
    use crate::author::resource::Resource;
    use crate::author::resource_template::ResourceTemplate;
    use crate::author::tool::Tool;
    use crate::author::tool_error::ToolError;
    use crate::call::context::Context;
    use crate::testing::test_client::caller;
    use crate::testing::test_host::TestHost;
    use mcp_connector_base::scope::Scope;

    const READ: Scope = Scope::new("notes:read", "Read your notes");

    #[derive(serde::Deserialize, schemars::JsonSchema)]
    struct NoteId {
        #[allow(dead_code, reason = "only read")]
        id: u64,
    }

    async fn text(_cx: Context<TestHost>) -> Result<&'static str, ToolError> {
        Ok("text")
    }

    async fn note(_args: NoteId) -> Result<Option<String>, ToolError> {
        Ok(None)
    }

    fn registry(topics: &[Topic]) -> Registry<TestHost> {
        let connector = Connector::new("notes", "1")
            .tool(Tool::new("text", "Text.", text))
            .resource(Resource::new("about://this", "about", "BaseMetadata this.", text))
            .template(ResourceTemplate::new("note://{id}", "note", "A note.", note).scope(READ))
            .announces(topics.iter().copied());
        let (registry, rejected) = Registry::new(connector);
        assert_eq!(rejected, []);
        registry
    }

    const ALL: [Topic; 4] = [Topic::ToolList, Topic::PromptList, Topic::ResourceList, Topic::ResourceUpdates];

    fn honoured(filter: &Value, topics: &[Topic]) -> Result<Value, RpcError> {
        let params = json!({ "notifications": filter });
        let listen = Listen::parse(params.as_object().unwrap(), &registry(topics), ClientCapabilities::default());
        listen.map(|Listen(interest)| super::honoured(&interest))
    }

    #[test]
    fn what_is_not_announced_is_not_honoured() {
        let all = json!({"toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true,
            "resourceSubscriptions": ["about://this", "note://7", "note://x", "nope://1", "about://this"], "taskIds": ["1"]});
        let rows: [(&[Topic], Value); 4] = [
            // There are no prompts, so no list of them changes.
            (
                &ALL,
                json!({"toolsListChanged": true, "resourcesListChanged": true,
                "resourceSubscriptions": ["about://this", "note://7"]}),
            ),
            (&[Topic::ToolList], json!({"toolsListChanged": true})),
            (&[Topic::ResourceUpdates], json!({"resourceSubscriptions": ["about://this", "note://7"]})),
            (&[], json!({})),
        ];
        for (topics, expected) in rows {
            assert_eq!(honoured(&all, topics).unwrap(), expected, "{topics:?}");
        }
        assert_eq!(honoured(&json!({"toolsListChanged": false}), &ALL).unwrap(), json!({}));
    }

    #[test]
    fn a_filter_of_a_wrong_form_is_refused() {
        let many = vec!["about://this"; MAX_URIS + 1];
        let long = vec![format!("about://{}", "x".repeat(2000)); 9];
        for filter in [
            json!(null),
            json!([]),
            json!({"toolsListChanged": "yes"}),
            json!({"resourceSubscriptions": "about://this"}),
            json!({"resourceSubscriptions": [1]}),
            json!({"resourceSubscriptions": ["not a uri"]}),
            json!({"resourceSubscriptions": many}),
            json!({"resourceSubscriptions": long}),
        ] {
            assert_eq!(honoured(&filter, &ALL).unwrap_err().code(), ErrorCode::InvalidParams, "{filter}");
        }
    }

    #[test]
    fn subscribing_needs_what_reading_needs() {
        let needed = |uris: Value, topics: &[Topic]| {
            let params = json!({ "notifications": { "resourceSubscriptions": uris } });
            required(params.as_object().unwrap(), &registry(topics))
        };
        assert_eq!(needed(json!(["about://this"]), &ALL).as_str(), "");
        assert_eq!(needed(json!(["about://this", "note://7"]), &ALL).as_str(), "notes:read");
        assert_eq!(needed(json!(["note://7"]), &[Topic::ToolList]).as_str(), "", "it is not honoured either");
    }

    #[test]
    fn the_first_and_the_last_message_name_the_subscription() {
        let registry = registry(&ALL);
        let params = json!({"notifications": {"toolsListChanged": true}});
        for id in [RequestId::Integer(7), RequestId::Text("7".to_owned())] {
            let listen = Listen::parse(params.as_object().unwrap(), &registry, ClientCapabilities::default()).unwrap();
            let listening = listen.begin(id.clone(), Some(&caller("")), &registry);
            assert_eq!(listening.ended(), None);
            let (listener, first) = listening.into_listener(Some(1));
            let read = |bytes: &[u8]| -> Value {
                let text = std::str::from_utf8(bytes).unwrap();
                serde_json::from_str(text.strip_prefix("event: message\ndata: ").unwrap()).unwrap()
            };
            assert_eq!(
                read(&first),
                json!({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
                    "params": {"_meta": {SUBSCRIPTION_ID: id}, "notifications": {"toolsListChanged": true}}})
            );
            let ListenerKind::Subscription { end, .. } = listener.role() else { panic!("no subscription") };
            let end = read(end);
            assert_eq!((&end["id"], &end["result"]["resultType"]), (&json!(id), &json!("complete")));
            assert_eq!(end["result"]["_meta"][SUBSCRIPTION_ID], json!(id));
        }
    }

    #[test]
    fn a_subscription_to_nothing_ends_at_once() {
        let registry = registry(&[Topic::ToolList]);
        let params = json!({"notifications": {"promptsListChanged": true}});
        let listen = Listen::parse(params.as_object().unwrap(), &registry, ClientCapabilities::default()).unwrap();
        let events = String::from_utf8(listen.begin(RequestId::Integer(1), None, &registry).ended().unwrap()).unwrap();
        let (first, last) = (events.find("acknowledged").unwrap(), events.find("complete").unwrap());
        assert!(first < last, "{events}");
    }
}
