//! The rules of the methods of skills.

use crate::author::connector::Connector;
use crate::author::skills::skill::Skill;
use crate::testing::test_client::{TestClient, caller};
use crate::testing::test_host::TestHost;
use mcp_connector_base::scope::Scope;
use serde_json::{Value, json};

const READ: Scope = Scope::new("notes:read", "Read your notes");
const REFUNDS: &str =
    "---\nname: refunds\ndescription: Refunds money.\nmetadata:\n  version: \"1.0\"\n---\nSee the guide.\n";
const INNER: &str = "---\nname: inner\ndescription: Stands inside.\n---\n";
const OPEN: &str = "---\nname: open\ndescription: For everybody.\n---\n";

fn skills() -> TestClient {
    let refunds = Skill::new(REFUNDS)
        .under("acme/billing")
        .file("references/GUIDE.md", "Guide")
        .file("references/eu/TAX.md", "Tax")
        .file("scripts/run.py", "print()")
        .file("logo.bin", b"\xff\xfe")
        .scope(READ);
    let inner = Skill::new(INNER).under("acme/billing/refunds").file("a.json", "{}");
    TestClient::of(
        Connector::<TestHost>::new("n", "1").sign_in([READ]).skill(refunds).skill(inner).skill(Skill::new(OPEN)),
    )
}

/// All items of a list, page by page.
fn all(client: &TestClient, method: &str, member: &str, mut params: Value) -> Vec<Value> {
    let mut items = Vec::new();
    loop {
        let result = client.modern(method, &params, None)["result"].clone();
        items.extend(result[member].as_array().unwrap().iter().cloned());
        match result.get("nextCursor") {
            Some(cursor) => params["cursor"] = cursor.clone(),
            None => return items,
        }
    }
}

fn uris(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["uri"].as_str().unwrap()).collect()
}

#[test]
fn an_entry_is_the_whole_skill() {
    let client = skills();
    let listed = all(&client, "skills/list", "skills", json!({}));
    let refunds = "skill://acme/billing/refunds/SKILL.md";
    let inner = "skill://acme/billing/refunds/inner/SKILL.md";
    assert_eq!(uris(&listed), [refunds, inner, "skill://open/SKILL.md"]);
    assert_eq!(
        listed[0]["frontmatter"],
        json!({"name": "refunds", "description": "Refunds money.", "metadata": {"version": "1.0"}})
    );
    // The files of the skill inside it are files of this one too.
    let files = listed[0]["resources"].as_array().unwrap();
    let paths: Vec<_> =
        uris(files).iter().map(|uri| uri.strip_prefix("skill://acme/billing/refunds/").unwrap()).collect();
    let own = ["SKILL.md", "references/GUIDE.md", "references/eu/TAX.md", "scripts/run.py", "logo.bin"];
    assert_eq!(paths, [&own[..], &["inner/SKILL.md", "inner/a.json"]].concat());
    // `printf Guide | sha256sum`
    let digest = "sha256:8dd65d0952ed144ccf6e76ebf8aa45644afb2b9236762c414d07e813d42f588e";
    assert_eq!((&files[1]["digest"], &files[1]["size"]), (&json!(digest), &json!(5)));
    for skill in &listed {
        let result = client.modern("skills/get", &json!({"uri": skill["uri"]}), None)["result"].clone();
        assert_eq!(result["skill"], *skill);
        assert_eq!((&result["ttlMs"], &result["cacheScope"]), (&json!(300_000), &json!("public")));
        assert_eq!(result["resultType"], "complete");
    }
}

#[test]
fn what_is_no_skill_is_refused() {
    let client = skills();
    for uri in
        ["skill://acme/billing/refunds", "skill://other/SKILL.md", "skill://acme/billing/refunds/references/GUIDE.md"]
    {
        let error = client.modern("skills/get", &json!({ "uri": uri }), None)["error"].clone();
        assert_eq!((&error["code"], &error["data"]["uri"]), (&json!(-32602), &json!(uri)));
    }
    for uri in [json!(null), json!(7), json!("open")] {
        assert_eq!(client.modern("skills/get", &json!({ "uri": uri }), None)["error"]["code"], -32602);
    }
}

#[test]
fn files_are_read_as_resources_with_what_the_skill_needs() {
    let client = skills();
    let read = |uri: &str| {
        client.modern("resources/read", &json!({ "uri": uri }), Some(&caller("notes:read")))["result"]["contents"][0]
            .clone()
    };
    let skill_md = "skill://acme/billing/refunds/SKILL.md";
    assert_eq!(read(skill_md), json!({"uri": skill_md, "mimeType": "text/markdown", "text": REFUNDS}));
    let logo = "skill://acme/billing/refunds/logo.bin";
    assert_eq!(read(logo), json!({"uri": logo, "mimeType": "application/octet-stream", "blob": "//4="}));
    let need = |method: &str, uri: &str| client.need(method, &json!({ "uri": uri }));
    assert_eq!(need("resources/read", skill_md), "notes:read");
    assert_eq!(need("resources/read", logo), "notes:read");
    assert_eq!(need("resources/read", "skill://acme/billing/refunds/inner/SKILL.md"), "");
    // That there is such a skill is no secret, as with tools and resources.
    assert_eq!(need("skills/get", skill_md), "");
    let legacy = client.legacy("resources/read", &json!({"uri": "skill://open/SKILL.md"}), None);
    assert_eq!(legacy["result"]["contents"][0]["text"], OPEN);
}

#[test]
fn only_the_skills_themselves_stand_among_the_resources() {
    let listed = all(&skills(), "resources/list", "resources", json!({}));
    let uris = uris(&listed);
    assert!(uris.len() == 3 && uris.iter().all(|uri| uri.ends_with("/SKILL.md")), "{uris:?}");
    assert_eq!((&listed[0]["name"], &listed[0]["description"]), (&json!("refunds"), &json!("Refunds money.")));
}

#[test]
fn a_directory_holds_its_direct_children() {
    let client = skills();
    let children = |uri: &str| {
        let children = all(&client, "resources/directory/read", "resources", json!({ "uri": uri }));
        let described =
            |child: &Value| format!("{} {}", child["name"].as_str().unwrap(), child["mimeType"].as_str().unwrap());
        assert!(children.iter().all(
            |child| child["uri"] == format!("{uri}/{}", child["uri"].as_str().unwrap().rsplit('/').next().unwrap())
        ));
        children.iter().map(described).collect::<Vec<_>>()
    };
    assert_eq!(children("skill://acme"), ["billing inode/directory"]);
    assert_eq!(
        children("skill://acme/billing/refunds"),
        [
            "refunds text/markdown",
            "references inode/directory",
            "scripts inode/directory",
            "logo.bin application/octet-stream",
            "inner inode/directory",
        ]
    );
    assert_eq!(children("skill://acme/billing/refunds/references"), ["GUIDE.md text/markdown", "eu inode/directory"]);
    assert_eq!(children("skill://acme/billing/refunds/scripts"), ["run.py text/x-python"]);
    let first = client.modern("resources/directory/read", &json!({"uri": "skill://open"}), None)["result"].clone();
    assert_eq!(first["resultType"], "complete");
    assert!(first.get("ttlMs").is_none(), "{first}");
}

#[test]
fn what_is_no_directory_is_refused() {
    let client = skills();
    for uri in
        ["skill://open/SKILL.md", "skill://open/", "skill://ope", "skill://other", "skill:/", "skill://", "note://open"]
    {
        let error = client.modern("resources/directory/read", &json!({ "uri": uri }), None)["error"].clone();
        assert_eq!(error["code"], -32602, "{uri}");
    }
}

#[test]
fn only_2026_07_28_has_the_methods_and_only_with_a_skill() {
    let (client, none) = (skills(), TestClient::of(Connector::<TestHost>::new("n", "1")));
    let params = json!({"uri": "skill://open/SKILL.md"});
    for method in ["skills/list", "skills/get", "resources/directory/read"] {
        assert_eq!(client.legacy(method, &params, None)["error"]["code"], -32601, "{method}");
        assert_eq!(none.modern(method, &params, None)["error"]["code"], -32601, "{method}");
    }
    let declared =
        |client: &TestClient| client.modern("server/discover", &json!({}), None)["result"]["capabilities"].clone();
    let with = declared(&client);
    assert_eq!(with["extensions"], json!({"io.modelcontextprotocol/skills": {"directoryRead": true}}));
    assert_eq!(with["resources"], json!({}));
    assert!(declared(&none).get("extensions").is_none());
    let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {}});
    assert!(client.legacy("initialize", &params, None)["result"]["capabilities"].get("extensions").is_none());
}
