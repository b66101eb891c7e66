//! A feature that is hidden from a caller is answered as one that does not exist.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::author::completers::Partial;
use crate::author::config_error::ErrorKind;
use crate::author::connector::Connector;
use crate::author::prompts::prompt::Prompt;
use crate::author::registry::Registry;
use crate::author::resources::listed_resource::ListedResource;
use crate::author::resources::resource::Resource;
use crate::author::resources::resource_template::ResourceTemplate;
use crate::author::resources::view::View;
use crate::author::skills::skill::Skill;
use crate::author::tools::tool::Tool;
use crate::author::tools::tool_error::ToolError;
use crate::call::context::Context;
use crate::subscriptions::change::Topic;
use crate::tasks::EXTENSION;
use crate::testing::test_client::{TestClient, caller};
use crate::testing::test_host::TestHost;
use crate::transport::session::SessionId;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::Subject;
use mcp_connector_base::scope::Scope;

const READ: Scope = Scope::new("read", "Read");
const ADMIN: Scope = Scope::new("admin", "Administer");

#[derive(Deserialize, JsonSchema)]
struct Item {
    /// Which one.
    id: String,
}

async fn text(_cx: Context<TestHost>) -> Result<&'static str, ToolError> {
    Ok("text")
}

async fn of_item(item: Item) -> Result<String, ToolError> {
    Ok(item.id)
}

async fn items(_cx: Context<TestHost>) -> Result<Vec<ListedResource>, ToolError> {
    Ok(vec![ListedResource::new("secret-item://1", "one")])
}

async fn ids(_partial: Partial, _cx: Context<TestHost>) -> Result<Vec<String>, ToolError> {
    Ok(vec!["1".to_owned()])
}

fn is_ada(caller: &Caller) -> bool {
    caller.subject.as_str() == "ada"
}

/// A connector with one of each that everybody sees, and one that only Ada sees. Of the latter, some have no scope.
fn connector() -> Connector<TestHost> {
    Connector::new("n", "1")
        .sign_in([READ])
        .announces([Topic::ResourceUpdates])
        .tool(Tool::new("open", "d", text).title("t").read_only())
        .tool(Tool::new("secret", "d", of_item).title("t").read_only().scope(ADMIN).visible_to(is_ada))
        .tool(Tool::new("secret_job", "d", of_item).title("t").read_only().long_running().visible_to(is_ada))
        .tool(Tool::new("open_job", "d", of_item).title("t").read_only().long_running())
        .resource(Resource::new("open://1", "n", "d", text).title("t"))
        .resource(Resource::new("secret://1", "n", "d", text).title("t").scope(ADMIN).visible_to(is_ada))
        .template(ResourceTemplate::new("open-item://{id}", "n", "d", of_item).title("t").complete("id", ids))
        .template(
            ResourceTemplate::new("secret-item://{id}", "n", "d", of_item)
                .title("t")
                .scope(READ)
                .visible_to(is_ada)
                .listed_by(items)
                .complete("id", ids),
        )
        .prompt(Prompt::new("open", "d", of_item).title("t").complete("id", ids))
        .prompt(Prompt::new("secret", "d", of_item).title("t").complete("id", ids).visible_to(is_ada))
        .view(View::new("ui://open", "n", "d", "<!doctype html>").title("t"))
        .view(View::new("ui://secret", "n", "d", "<!doctype html>").title("t").visible_to(is_ada))
        .skill(Skill::new("---\nname: open\ndescription: d\n---").file("a.md", "A"))
        .skill(Skill::new("---\nname: inner\ndescription: d\n---").under("open").visible_to(is_ada))
}

fn person(name: &str) -> Caller {
    Caller { subject: Subject::new(name).unwrap(), ..caller("read admin") }
}

#[test]
fn the_connector_of_these_tests_has_no_mistake() {
    assert_eq!(connector().check(), []);
}

#[test]
fn a_list_holds_what_its_caller_sees() {
    let client = TestClient::of(connector());
    let listed = |method: &str, list: &str, member: &str, who: Option<&Caller>| {
        let (mut found, mut params) = (Vec::new(), json!({}));
        loop {
            let result = client.modern(method, &params, who)["result"].clone();
            assert_eq!((&result["cacheScope"], &result["ttlMs"]), (&json!("private"), &json!(0)), "{method} {who:?}");
            let page = result[list].as_array().unwrap().iter();
            found.extend(page.map(|item| item[member].as_str().unwrap().to_owned()));
            match result.get("nextCursor") {
                Some(cursor) => params = json!({ "cursor": cursor }),
                None => return found.join(" "),
            }
        }
    };
    let rows = [
        ("tools/list", "tools", "name", "open open_job", "open secret secret_job open_job"),
        (
            "resources/templates/list",
            "resourceTemplates",
            "uriTemplate",
            "open-item://{id}",
            "open-item://{id} secret-item://{id}",
        ),
        ("prompts/list", "prompts", "name", "open", "open secret"),
        ("skills/list", "skills", "uri", "skill://open/SKILL.md", "skill://open/SKILL.md skill://open/inner/SKILL.md"),
    ];
    for (method, list, member, others, ada) in rows {
        assert_eq!(listed(method, list, member, Some(&person("bob"))), others, "{method}");
        assert_eq!(listed(method, list, member, Some(&person("ada"))), ada, "{method}");
        assert_eq!(listed(method, list, member, None), ada, "without a token, {method} shows what needs a sign-in");
    }
    let resources = |who: Option<&Caller>| listed("resources/list", "resources", "uri", who);
    assert_eq!(resources(Some(&person("bob"))), "open://1 ui://open skill://open/SKILL.md");
    let static_ones = "open://1 secret://1 ui://open ui://secret skill://open/SKILL.md skill://open/inner/SKILL.md";
    assert_eq!(resources(Some(&person("ada"))), format!("{static_ones} secret-item://1"));
    assert_eq!(resources(None), static_ones, "what a template lists is a person's own");
}

#[test]
fn where_everybody_sees_the_same_a_list_is_shared() {
    let client = TestClient::of(Connector::new("n", "1").tool(Tool::new("open", "d", text).scope(READ)));
    for who in [None, Some(&person("bob"))] {
        assert_eq!(client.modern("tools/list", &json!({}), who)["result"]["cacheScope"], "public");
    }
}

/// Each request that names something, with a hidden and an unknown name in its place.
const NAMED: [(&str, &str, &str, &str); 9] = [
    ("tools/call", r#"{"name":"@","arguments":{"id":"1"}}"#, "secret", "no_such"),
    ("tools/call", r#"{"name":"@","arguments":{"id":7}}"#, "secret_job", "no_such"),
    ("tools/call", r#"{"name":"@","arguments":[]}"#, "secret", "no_such"),
    ("prompts/get", r#"{"name":"@","arguments":{"id":"1"}}"#, "secret", "no_such"),
    ("prompts/get", r#"{"name":"@"}"#, "secret", "no_such"),
    ("resources/read", r#"{"uri":"@"}"#, "secret://1", "no-such://1"),
    ("resources/read", r#"{"uri":"@"}"#, "secret-item://1", "no-such://1"),
    ("resources/read", r#"{"uri":"@"}"#, "ui://secret", "ui://no-such"),
    ("resources/read", r#"{"uri":"@"}"#, "skill://open/inner/SKILL.md", "skill://open/no-such/SKILL.md"),
];

/// Of these, `Mcp-Name` says nothing.
const REFERRED: [(&str, &str, &str, &str); 5] = [
    (
        "completion/complete",
        r#"{"ref":{"type":"ref/prompt","name":"@"},"argument":{"name":"id","value":""}}"#,
        "secret",
        "no_such",
    ),
    ("completion/complete", r#"{"ref":{"type":"ref/prompt","name":"@"}}"#, "secret", "no_such"),
    (
        "completion/complete",
        r#"{"ref":{"type":"ref/resource","uri":"@"},"argument":{"name":"id","value":""}}"#,
        "secret-item://{id}",
        "no-such://{id}",
    ),
    ("skills/get", r#"{"uri":"@"}"#, "skill://open/inner/SKILL.md", "skill://open/no-such/SKILL.md"),
    ("resources/directory/read", r#"{"uri":"@"}"#, "skill://open/inner", "skill://open/no-such"),
];

#[test]
fn what_is_hidden_is_answered_as_what_does_not_exist() {
    let client = TestClient::of(connector());
    let (ada, bob) = (person("ada"), person("bob"));
    for (method, params, hidden, unknown) in NAMED.into_iter().chain(REFERRED) {
        let with = |name: &str| serde_json::from_str::<Value>(&params.replace('@', name)).unwrap();
        let is_modern_only = method.starts_with("skills/") || method.starts_with("resources/directory");
        let request = |name: &str, era: &str, who: Option<&Caller>| match era {
            "modern" => client.modern(method, &with(name), who),
            _ => client.legacy(method, &with(name), who),
        };
        for era in ["modern", "legacy"] {
            let answer = request(hidden, era, Some(&bob)).to_string();
            assert_eq!(
                answer.replace(hidden, unknown),
                request(unknown, era, Some(&bob)).to_string(),
                "{method} {era}"
            );
            assert!(answer.contains("\"error\""), "{answer}");
            if !is_modern_only {
                assert_ne!(answer, request(hidden, era, Some(&ada)).to_string(), "{method} {hidden} is there for Ada");
            }
        }
        assert_eq!(
            client.need_of(method, &with(hidden), Some(&bob)),
            client.need_of(method, &with(unknown), Some(&bob))
        );
    }
}

#[test]
fn without_a_token_what_is_hidden_from_some_needs_a_sign_in() {
    let client = TestClient::of(connector());
    let need = |method: &str, params: Value| client.need_of(method, &params, None);
    assert_eq!(need("tools/call", json!({"name": "secret"})).as_deref(), Some("admin"));
    assert_eq!(need("tools/call", json!({"name": "secret_job"})).as_deref(), Some(""), "a sign-in and no scope");
    assert_eq!(need("prompts/get", json!({"name": "secret"})).as_deref(), Some(""));
    assert_eq!(need("resources/read", json!({"uri": "ui://secret"})).as_deref(), Some(""));
    assert_eq!(need("resources/read", json!({"uri": "secret-item://1"})).as_deref(), Some("read"));
    assert_eq!(need("tools/call", json!({"name": "open"})), None);
    let tools = client.modern("tools/list", &json!({}), None)["result"]["tools"].clone();
    assert_eq!(tools[1]["securitySchemes"], json!([{"type": "oauth2", "scopes": ["admin"]}]));
    let rest = client.modern("tools/list", &json!({"cursor": "dG9vbHMgMg"}), None)["result"]["tools"].clone();
    assert_eq!(rest[0]["securitySchemes"], json!([{"type": "oauth2", "scopes": []}]));
}

#[test]
fn a_task_of_a_hidden_tool_does_not_exist() {
    let client = TestClient::of(connector());
    let declared = json!({"extensions": {EXTENSION: {}}});
    let call = json!({"name": "secret_job", "arguments": {"id": "1"}});
    let begun = client.modern_with(&declared, "tools/call", &call, Some(&person("ada")));
    let id = begun["result"]["taskId"].as_str().unwrap();
    let unknown = id.replace("secret_job", "no_such");
    let others = id.replace("secret_job", "open_job");
    let uses = client.host.state.uses.get();
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let ask = |id: &str, who: &str| {
            let params = json!({"taskId": id, "inputResponses": {}});
            client.modern_with(&declared, method, &params, Some(&person(who)))
        };
        let answer = ask(id, "bob");
        assert_eq!(answer, ask(&unknown, "bob"), "{method}");
        assert_eq!(answer["error"]["code"], -32602);
        assert_eq!(client.host.state.uses.get(), uses, "no object is woken for it");
        assert_eq!(answer, ask(&others, "bob"), "{method}: as for a tool that is there");
        client.host.state.uses.set(uses);
        assert!(ask(id, "ada").get("result").is_some(), "{method}");
        client.host.state.uses.set(uses);
    }
    let listening = client.listen(&declared, &json!({"taskIds": [id]}), Some(&person("bob"))).unwrap();
    assert!(listening.ended().is_some(), "nothing is honoured");
}

#[test]
fn a_task_does_not_run_once_its_tool_is_hidden_from_its_person() {
    use std::cell::Cell;
    use std::rc::Rc;

    let is_shown = Rc::new(Cell::new(true));
    let shown = Rc::clone(&is_shown);
    let job = Tool::new("job", "d", of_item).scope(READ).long_running().visible_to(move |_| shown.get());
    let client = TestClient::of(Connector::new("n", "1").sign_in([READ]).tool(job));
    let declared = json!({"extensions": {EXTENSION: {}}});
    let call = json!({"name": "job", "arguments": {"id": "1"}});
    let begun = client.modern_with(&declared, "tools/call", &call, Some(&person("ada")));
    let id = begun["result"]["taskId"].as_str().unwrap().to_owned();
    is_shown.set(false);
    client.wake(&id, false);
    is_shown.set(true);
    let ended = client.modern_with(&declared, "tasks/get", &json!({"taskId": id}), Some(&person("ada")));
    assert_eq!(ended["result"]["status"], "failed");
}

#[test]
fn nobody_subscribes_to_what_is_hidden() {
    let client = TestClient::of(connector());
    let session = SessionId::sample(1);
    let subscribe = |uri: &str, who: &str| {
        client.legacy_in(&session, "resources/subscribe", &json!({"uri": uri}), Some(&person(who)))
    };
    assert_eq!(
        subscribe("secret://1", "bob").to_string().replace("secret", "no-such"),
        subscribe("no-such://1", "bob").to_string()
    );
    assert_eq!(subscribe("secret://1", "ada")["result"], json!({}));
    let filter = json!({"resourceSubscriptions": ["secret://1", "secret-item://1"]});
    let honoured = |who: &str| client.listen(&json!({}), &filter, Some(&person(who))).unwrap().ended().is_none();
    assert_eq!((honoured("bob"), honoured("ada")), (false, true));
}

#[test]
fn a_skill_shows_the_files_that_its_caller_sees() {
    let client = TestClient::of(connector());
    let files = |who: &str| {
        let skill = client.modern("skills/get", &json!({"uri": "skill://open/SKILL.md"}), Some(&person(who)));
        skill["result"]["skill"]["resources"].as_array().unwrap().len()
    };
    assert_eq!((files("bob"), files("ada")), (2, 3));
}

#[test]
fn several_conditions_must_all_be_met() {
    let tool =
        Tool::new("both", "d", text).scope(READ).visible_to(is_ada).visible_to(|caller| caller.scopes.contains(ADMIN));
    let client = TestClient::of(Connector::new("n", "1").sign_in([READ]).tool(tool));
    let count =
        |who: &Caller| client.modern("tools/list", &json!({}), Some(who))["result"]["tools"].as_array().unwrap().len();
    let without = Caller { subject: Subject::new("ada").unwrap(), ..caller("read") };
    assert_eq!((count(&person("ada")), count(&person("bob")), count(&without)), (1, 0, 0));
}

#[test]
fn where_nobody_signs_in_nothing_is_for_some_only() {
    let connector = || {
        let tool = Tool::new("a", "d", text).title("t").read_only();
        Connector::<TestHost>::new("n", "1").tool(tool.visible_to(is_ada))
    };
    let (registry, rejected) = Registry::new(connector());
    assert_eq!(
        (registry.tools.len(), rejected.first().map(|error| error.kind.clone())),
        (0, Some(ErrorKind::SeenByNobody))
    );
    assert_eq!(connector().check(), rejected);
}
