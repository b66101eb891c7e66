//! The rules of listing and reading resources.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::author::connector::Connector;
use crate::author::resources::listed_resource::{ListPage, ListedPage, ListedResource};
use crate::author::resources::resource::Resource;
use crate::author::resources::resource_template::ResourceTemplate;
use crate::author::tools::tool_error::ToolError;
use crate::call::context::Context;
use crate::methods::pagination::TemplatePosition;
use crate::methods::resources::list_resources::LIST;
use crate::testing::test_client::{TestClient, caller};
use crate::testing::test_host::TestHost;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::scope::Scope;

const READ: Scope = Scope::new("notes:read", "Read your notes");

#[derive(Deserialize, JsonSchema)]
struct NoteId {
    id: u64,
}

async fn about(_cx: Context<TestHost>) -> Result<&'static str, ToolError> {
    Ok("About.")
}

async fn bytes(_cx: Context<TestHost>) -> Result<Vec<u8>, ToolError> {
    Ok(vec![255])
}

async fn note(args: NoteId) -> Result<Option<String>, ToolError> {
    match args.id {
        7 => Ok(Some("Seven.".to_owned())),
        8 => Err(ToolError::new("the shelf is empty")),
        _ => Ok(None),
    }
}

async fn own_notes(cx: Context<TestHost>) -> Result<Vec<ListedResource>, ToolError> {
    assert_eq!(cx.subject()?.as_str(), "owner");
    Ok(["note://7", "note://9", "other://1", "not a uri"].map(|uri| ListedResource::new(uri, "a note")).into())
}

fn notes() -> TestClient {
    let template = ResourceTemplate::new("note://{id}", "note", "A note.", note).mime_type("text/markdown").scope(READ);
    TestClient::of(
        Connector::new("notes", "1")
            .sign_in([READ])
            .resource(Resource::new("about://this", "about", "About this.", about).title("About"))
            .resource(Resource::new("about://bytes", "bytes", "Bytes.", bytes).size(1))
            .template(template.listed_by(own_notes)),
    )
}

#[test]
fn text_and_bytes_are_read() {
    let notes = notes();
    let read = |uri: &str| notes.modern("resources/read", &json!({ "uri": uri }), None)["result"].clone();
    let text = read("about://this");
    assert_eq!(text["contents"], json!([{"uri": "about://this", "mimeType": "text/plain", "text": "About."}]));
    assert_eq!((text["ttlMs"].clone(), text["cacheScope"].clone()), (json!(0), json!("private")));
    let blob = json!([{"uri": "about://bytes", "mimeType": "application/octet-stream", "blob": "/w=="}]);
    assert_eq!(read("about://bytes")["contents"], blob);
    let legacy = notes.legacy("resources/read", &json!({"uri": "note://7"}), Some(&caller("notes:read")));
    let contents = json!([{"uri": "note://7", "mimeType": "text/markdown", "text": "Seven."}]);
    assert_eq!(legacy["result"], json!({ "contents": contents }));
}

#[test]
fn what_is_not_there_is_an_error_that_names_the_uri() {
    let notes = notes();
    let owner = caller("notes:read");
    for uri in ["note://9", "note://x", "note://7/8", "nowhere://1"] {
        let params = json!({ "uri": uri });
        let modern = notes.modern("resources/read", &params, Some(&owner));
        assert_eq!((&modern["error"]["code"], &modern["error"]["data"]["uri"]), (&json!(-32602), &json!(uri)));
        let legacy = notes.legacy("resources/read", &params, Some(&owner));
        assert_eq!((&legacy["error"]["code"], &legacy["error"]["data"]["uri"]), (&json!(-32002), &json!(uri)));
    }
}

#[test]
fn what_is_no_uri_is_refused() {
    for uri in [json!(null), json!(1), json!("note"), json!("note://a b"), json!(format!("a:{}", "b".repeat(5000)))] {
        let answer = notes().legacy("resources/read", &json!({ "uri": uri }), None);
        assert_eq!(answer["error"]["code"], -32602, "{uri}");
        assert!(answer["error"].get("data").is_none(), "{uri}");
    }
}

#[test]
fn a_failed_read_is_an_internal_error() {
    let answer = notes().modern("resources/read", &json!({"uri": "note://8"}), Some(&caller("notes:read")));
    assert_eq!(answer["error"], json!({"code": -32603, "message": "the shelf is empty"}));
}

#[test]
fn reading_needs_what_the_resource_needs() {
    let notes = notes();
    let need = |uri: &str| notes.need("resources/read", &json!({ "uri": uri }));
    assert_eq!(need("note://7"), "notes:read");
    // Also where there is none: who may not read notes does not learn which there are.
    assert_eq!(need("note://9"), "notes:read");
    assert_eq!(need("about://this"), "");
    assert_eq!(need("nowhere://1"), "");
    assert_eq!(notes.need("resources/list", &json!({})), "");
}

#[test]
fn a_list_holds_what_the_caller_may_read() {
    let notes = notes();
    let uris = |caller: Option<&Caller>| {
        let (mut uris, mut params) = (Vec::new(), json!({}));
        loop {
            let result = notes.modern("resources/list", &params, caller)["result"].clone();
            assert_eq!(result["cacheScope"], "private", "the same on each page and for each caller");
            let listed = result["resources"].as_array().unwrap().clone();
            uris.extend(listed.iter().map(|resource| resource["uri"].as_str().unwrap().to_owned()));
            match result.get("nextCursor") {
                Some(cursor) => params = json!({ "cursor": cursor }),
                None => return uris,
            }
        }
    };
    let public = ["about://this", "about://bytes"];
    assert_eq!(uris(None), public);
    assert_eq!(uris(Some(&caller("profile"))), public);
    assert_eq!(uris(Some(&caller("notes:read"))), ["about://this", "about://bytes", "note://7", "note://9"]);
}

async fn numbers(page: ListPage, _cx: Context<TestHost>) -> Result<ListedPage, ToolError> {
    let limit = u64::try_from(page.limit)?;
    let last = page.after.saturating_add(limit).min(5);
    let numbers = page.after.saturating_add(1)..=last;
    let resources = numbers.map(|number| ListedResource::new(format!("number://{number}"), "a number")).collect();
    Ok(ListedPage { resources, next: (last < 5).then_some(last) })
}

#[test]
fn what_a_template_lists_in_pages_follows_the_rest_and_fills_each_page() {
    let one = ResourceTemplate::new("number://{id}", "number", "A number.", note).listed_in_pages(numbers);
    let other = ResourceTemplate::new("note://{id}", "note", "A note.", note).scope(READ).listed_in_pages(
        async |page: ListPage, _: Context<TestHost>| {
            let resources = vec![ListedResource::new(format!("note://{}", page.after.saturating_add(7)), "a note")];
            Ok::<_, ToolError>(ListedPage { resources, next: (page.after == 0).then_some(1) })
        },
    );
    let connector = Connector::new("notes", "1").resource(Resource::new("about://this", "about", "About this.", about));
    let client = TestClient::of(connector.template(one).template(other));
    let pages = |caller: Option<&Caller>| {
        let (mut pages, mut params) = (Vec::new(), json!({}));
        loop {
            let result = client.modern("resources/list", &params, caller)["result"].clone();
            let uris = result["resources"].as_array().unwrap().iter();
            pages.push(uris.map(|resource| resource["uri"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
            match result.get("nextCursor") {
                Some(cursor) => params = json!({ "cursor": cursor }),
                None => return pages,
            }
        }
    };
    let public =
        [vec!["about://this", "number://1"], vec!["number://2", "number://3"], vec!["number://4", "number://5"]];
    assert_eq!(pages(None), public);
    let own = [vec!["note://7"], vec!["note://8"]];
    assert_eq!(pages(Some(&caller("notes:read"))), [public.to_vec(), own.to_vec()].concat());
    let made_up = client.modern("resources/list", &json!({"cursor": "cmVzb3VyY2VzIHRlbXBsYXRlIDAgMDE"}), None);
    assert_eq!(made_up["error"]["code"], -32602);
}

#[test]
fn a_place_in_a_template_that_the_caller_is_not_given_says_nothing_of_the_next() {
    let own = ResourceTemplate::new("note://{id}", "note", "A note.", note).scope(READ).listed_in_pages(numbers);
    let public = ResourceTemplate::new("number://{id}", "number", "A number.", note).listed_in_pages(numbers);
    let client = TestClient::of(Connector::new("notes", "1").template(own).template(public));
    let cursor = TemplatePosition { template: 0, after: 3 }.cursor(LIST);
    let answer = client.modern("resources/list", &json!({ "cursor": cursor }), None);
    assert_eq!(answer["result"]["resources"][0]["uri"], "number://1");
}

#[test]
fn templates_are_listed_for_everybody() {
    let answer = notes().modern("resources/templates/list", &json!({}), None);
    let template = json!({
        "uriTemplate": "note://{id}", "name": "note", "description": "A note.", "mimeType": "text/markdown",
    });
    assert_eq!(answer["result"]["resourceTemplates"], json!([template]));
    assert_eq!(answer["result"]["cacheScope"], "public");
}
