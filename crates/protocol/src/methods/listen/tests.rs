//! The rules of `subscriptions/listen`.

use serde_json::json;

use super::*;
use crate::author::connector::Connector;
use crate::author::resources::resource::Resource;
use crate::author::resources::resource_template::ResourceTemplate;
use crate::author::tools::tool::Tool;
use crate::author::tools::tool_error::ToolError;
use crate::call::context::Context;
use crate::json_rpc::request_id::RequestId;
use crate::json_rpc::rpc_error::ErrorCode;
use crate::subscriptions::change::SUBSCRIPTION_ID;
use crate::subscriptions::filter;
use crate::subscriptions::listener::ListenerKind;
use crate::subscriptions::listening::Listening;
use crate::testing::test_client::caller;
use crate::testing::test_host::TestHost;
use crate::transport::session::Session;
use crate::types::client_capabilities::ClientCapabilities;
use mcp_connector_base::scope::{Scope, ScopeSet};

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
        .resource(Resource::new("about://this", "about", "About this.", text))
        .template(ResourceTemplate::new("note://{id}", "note", "A note.", note).scope(READ))
        .announces(topics.iter().copied());
    let (registry, rejected) = Registry::new(connector);
    assert_eq!(rejected, []);
    registry
}

const ALL: [Topic; 4] = [Topic::ToolList, Topic::PromptList, Topic::ResourceList, Topic::ResourceUpdates];

fn parse(filter: &Value, registry: &Registry<TestHost>) -> SubscriptionsListenRequestParams<TestHost> {
    let params = json!({ "notifications": filter });
    SubscriptionsListenRequestParams::parse(params.as_object().unwrap().clone(), registry.visible_to(None))
}

fn interest(filter: &Value, registry: &Registry<TestHost>) -> Result<Interest, RpcError> {
    parse(filter, registry).interest(&Admission {
        registry,
        visible: registry.visible_to(None),
        version: ProtocolVersion::V2026_07_28,
        capabilities: ClientCapabilities::default(),
        session: &Session::Unnamed,
        keeps_state: true,
        page_size: 2,
        headers: &|_: &str| None,
    })
}

fn honoured(filter: &Value, topics: &[Topic]) -> Result<Value, RpcError> {
    interest(filter, &registry(topics)).map(|interest| filter::honoured(&interest))
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
    let need = |uris: Value, topics: &[Topic]| {
        let registry = registry(topics);
        parse(&json!({ "resourceSubscriptions": uris }), &registry).need(&registry)
    };
    let notes_read = Need::Scopes(ScopeSet::parse("notes:read").unwrap());
    assert_eq!(need(json!(["about://this"]), &ALL), Need::Nothing);
    assert_eq!(need(json!(["about://this", "note://7"]), &ALL), notes_read);
    assert_eq!(need(json!(["note://7", "not a uri"]), &ALL), notes_read, "the sign-in comes first");
    assert_eq!(need(json!(["note://7"]), &[Topic::ToolList]), Need::Nothing, "it is not honoured either");
}

#[test]
fn the_first_and_the_last_message_name_the_subscription() {
    let registry = registry(&ALL);
    for id in [RequestId::Integer(7), RequestId::Text("7".to_owned())] {
        let interest = interest(&json!({"toolsListChanged": true}), &registry).unwrap();
        let listening = Listening::new(id.clone(), interest, Some(caller("")), &registry.server_info);
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
        let ListenerKind::Subscription { end, .. } = listener.kind() else { panic!("no subscription") };
        let end = read(end);
        assert_eq!((&end["id"], &end["result"]["resultType"]), (&json!(id), &json!("complete")));
        assert_eq!(end["result"]["_meta"][SUBSCRIPTION_ID], json!(id));
    }
}

#[test]
fn a_subscription_to_nothing_ends_at_once() {
    let registry = registry(&[Topic::ToolList]);
    let interest = interest(&json!({"promptsListChanged": true}), &registry).unwrap();
    let listening = Listening::new(RequestId::Integer(1), interest, None, &registry.server_info);
    let events = String::from_utf8(listening.ended().unwrap()).unwrap();
    let (first, last) = (events.find("acknowledged").unwrap(), events.find("complete").unwrap());
    assert!(first < last, "{events}");
}
