//! `skills/list`, `skills/get` and `resources/directory/read`, from 2026-07-28 on (Skills extension). The files themselves are
//! resources, and read as such.
//!
//! What a skill holds and what a folder holds both follow from the URIs of the files, so that the two never disagree.

use std::cell::OnceCell;
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::author::config_error::{ConfigError, ErrorKind};
use crate::author::feature::Feature;
use crate::author::frontmatter::Frontmatter;
use crate::author::listed_resource::ListedResource;
use crate::author::resource::Resource;
use crate::author::skill::{File, MANIFEST, Skill};
use crate::author::uri_template::Uri;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::listing::{ListForm, Listing};
use crate::methods::method::Method;
use crate::methods::operation::Operation;
use crate::types::resource_contents::ResourceContents;
use crate::types::result::{CacheHints, Members};
use mcp_connector_base::json::Object;

/// The skills of a connector, each with all its files.
#[derive(Default)]
pub(crate) struct Skills {
    skills: Vec<ValidatedSkill>,
    files: Vec<SkillFile>,
}

struct ValidatedSkill {
    /// The URI of its folder.
    root: String,
    frontmatter: Frontmatter,
}

struct SkillFile {
    entry: ListedResource,
    contents: &'static [u8],
    digest: OnceCell<String>,
}

/// How long a client may keep a file. With a digest it sees for itself whether it is still the same.
const FRESH_FOR: Duration = Duration::from_mins(5);

/// What answers the methods of the extension.
pub(crate) trait Catalogue<H> {
    /// A request for one of them.
    fn parse(&self, method: &Method, params: &Object, form: ListForm) -> Result<Operation<H>, RpcError>;
}

/// Those of `skills` that can be served; nothing where there are none.
pub(crate) fn ready<H: 'static>(
    skills: Vec<Skill>,
    resources: &mut Vec<Resource<H>>,
    rejected: &mut Vec<ConfigError>,
) -> Option<Box<dyn Catalogue<H>>> {
    let mut ready = Skills::default();
    let mut served: Vec<Skill> = Vec::new();
    for skill in skills {
        let problem = match (skill.check(), skill.taken(served.iter())) {
            (Ok(frontmatter), None) => {
                ready.add(&skill, frontmatter, resources);
                served.push(skill);
                continue;
            }
            (Err(problem), _) => problem,
            (Ok(_), Some(problem)) => ErrorKind::Skill(problem),
        };
        rejected.push(ConfigError::new(Skill::KIND, skill.key(), problem));
    }
    (!served.is_empty()).then(|| Box::new(ready) as Box<dyn Catalogue<H>>)
}

impl Skills {
    fn add<H: 'static>(&mut self, skill: &Skill, frontmatter: Frontmatter, resources: &mut Vec<Resource<H>>) {
        let root = skill.root();
        for file in &skill.files {
            let is_manifest = file.path == MANIFEST;
            let own_name = file.path.rsplit('/').next().unwrap_or_default();
            let name = if is_manifest { frontmatter.text("name").unwrap_or_default() } else { own_name };
            let description = if is_manifest { frontmatter.text("description").unwrap_or_default() } else { "" };
            let (contents, mime_type) = (file.contents, media_type(file));
            let entry = ListedResource::new(format!("{root}/{}", file.path), name)
                .description(description)
                .mime_type(mime_type)
                .size(u64::try_from(contents.len()).unwrap_or(u64::MAX));
            let mut resource = Resource::fixed(entry.clone(), move |uri| match std::str::from_utf8(contents) {
                Ok(text) => ResourceContents::text(uri, mime_type, text),
                Err(_) => ResourceContents::blob(uri, mime_type, contents),
            })
            .fresh_for(FRESH_FOR);
            resource.source.scopes.clone_from(&skill.scopes);
            // The others are found from there; a list of all of them would bury the connector's own resources.
            resource.is_listed = is_manifest;
            resources.push(resource);
            self.files.push(SkillFile { entry, contents, digest: OnceCell::new() });
        }
        self.skills.push(ValidatedSkill { root, frontmatter });
    }

    /// A skill with all its files, those of skills inside it among them ("Resources").
    fn entry(&self, skill: &ValidatedSkill) -> Value {
        let files: Vec<_> = self.below(&skill.root).map(|(file, _)| file.listed()).collect();
        json!({ "uri": manifest_of(skill), "frontmatter": skill.frontmatter.0, "resources": files })
    }

    /// The files below a folder, with their paths from there.
    fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a SkillFile, &'a str)> {
        self.files.iter().filter_map(move |file| {
            let path = file.entry.uri.strip_prefix(folder)?.strip_prefix('/')?;
            Some((file, path))
        })
    }

    /// What stands in a folder itself ("Reading Directories"); nothing where it is not one.
    fn children(&self, folder: &str) -> Option<Vec<ListedResource>> {
        // The scheme alone is no folder.
        folder.strip_prefix("skill://").filter(|path| !path.is_empty())?;
        let mut children: Vec<ListedResource> = Vec::new();
        for (file, path) in self.below(folder) {
            let child = match path.split_once('/') {
                None => file.entry.clone(),
                Some((name, _)) => ListedResource::new(format!("{folder}/{name}"), name).mime_type("inode/directory"),
            };
            if !children.iter().any(|known| known.uri == child.uri) {
                children.push(child);
            }
        }
        Some(children).filter(|children| !children.is_empty())
    }
}

impl<H> Catalogue<H> for Skills {
    fn parse(&self, method: &Method, params: &Object, form: ListForm) -> Result<Operation<H>, RpcError> {
        #[allow(clippy::wildcard_enum_match_arm, reason = "there are three")]
        match method {
            Method::ListSkills => {
                let write = |skill: &ValidatedSkill, _| self.entry(skill);
                Listing::of("skills", &self.skills, params, form, CacheHints::DEPLOYED, write).map(Operation::List)
            }
            Method::GetSkill => {
                let uri = uri(params)?;
                let is_asked = |skill: &&ValidatedSkill| manifest_of(skill) == uri.as_str();
                let skill =
                    self.skills.iter().find(is_asked).ok_or_else(|| nothing("There is no such skill.", &uri))?;
                Ok(Operation::Fixed(Members::cached(vec![("skill", self.entry(skill))], CacheHints::DEPLOYED)))
            }
            _ => {
                let uri = uri(params)?;
                let children =
                    self.children(uri.as_str()).ok_or_else(|| nothing("There is no such directory.", &uri))?;
                let write = ListedResource::listed;
                Listing::of("resources", &children, params, form, CacheHints::DEPLOYED, write)
                    .map(Listing::without_hints)
                    .map(Operation::List)
            }
        }
    }
}

impl SkillFile {
    /// The file with its digest, which is computed once per isolate.
    fn listed(&self) -> Value {
        let digest = self.digest.get_or_init(|| {
            let hash = Sha256::digest(self.contents);
            let digits = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
            let hex: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
            format!("sha256:{hex}")
        });
        json!({ "uri": self.entry.uri, "digest": digest, "size": self.contents.len() })
    }
}

fn manifest_of(skill: &ValidatedSkill) -> String {
    format!("{}/{MANIFEST}", skill.root)
}

fn uri(params: &Object) -> Result<Uri, RpcError> {
    let text = params.get("uri").and_then(Value::as_str);
    text.and_then(|text| Uri::parse(text).ok()).ok_or_else(|| RpcError::invalid_params("`uri` must be a URI."))
}

fn nothing(message: &str, uri: &Uri) -> RpcError {
    RpcError::invalid_params(message).with_data(json!({ "uri": uri.as_str() }))
}

/// The type of a file by the end of its name; text or bytes where that says nothing.
fn media_type(file: &File) -> &'static str {
    const TYPES: [(&str, &str); 17] = [
        ("md", "text/markdown"),
        ("txt", "text/plain"),
        ("csv", "text/csv"),
        ("html", "text/html"),
        ("css", "text/css"),
        ("js", "text/javascript"),
        ("mjs", "text/javascript"),
        ("py", "text/x-python"),
        ("sh", "application/x-sh"),
        ("json", "application/json"),
        ("yaml", "application/yaml"),
        ("yml", "application/yaml"),
        ("svg", "image/svg+xml"),
        ("png", "image/png"),
        ("jpg", "image/jpeg"),
        ("webp", "image/webp"),
        ("pdf", "application/pdf"),
    ];
    let ending = file.path.rsplit('.').next().unwrap_or_default();
    let known = TYPES.iter().find(|(known, _)| ending.eq_ignore_ascii_case(known)).map(|(_, media_type)| *media_type);
    known.unwrap_or(if std::str::from_utf8(file.contents).is_ok() { "text/plain" } else { "application/octet-stream" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::connector::Connector;
    use crate::testing::test_client::{Trial, caller};
    use crate::testing::test_host::TestHost;
    use mcp_connector_base::scope::Scope;

    const READ: Scope = Scope::new("notes:read", "Read your notes");
    const REFUNDS: &str =
        "---\nname: refunds\ndescription: Refunds money.\nmetadata:\n  version: \"1.0\"\n---\nSee the guide.\n";
    const INNER: &str = "---\nname: inner\ndescription: Stands inside.\n---\n";
    const OPEN: &str = "---\nname: open\ndescription: For everybody.\n---\n";

    fn skills() -> Trial {
        let refunds = Skill::new(REFUNDS)
            .under("acme/billing")
            .file("references/GUIDE.md", "Guide")
            .file("references/eu/TAX.md", "Tax")
            .file("scripts/run.py", "print()")
            .file("logo.bin", b"\xff\xfe")
            .scope(READ);
        let inner = Skill::new(INNER).under("acme/billing/refunds").file("a.json", "{}");
        Trial::of(
            Connector::<TestHost>::new("n", "1").sign_in([READ]).skill(refunds).skill(inner).skill(Skill::new(OPEN)),
        )
    }

    /// All items of a list, page by page.
    fn all(trial: &Trial, method: &str, member: &str, mut params: Value) -> Vec<Value> {
        let mut items = Vec::new();
        loop {
            let result = trial.modern(method, &params, None)["result"].clone();
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
        let trial = skills();
        let listed = all(&trial, "skills/list", "skills", json!({}));
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
            let result = trial.modern("skills/get", &json!({"uri": skill["uri"]}), None)["result"].clone();
            assert_eq!(result["skill"], *skill);
            assert_eq!((&result["ttlMs"], &result["cacheScope"]), (&json!(300_000), &json!("public")));
            assert_eq!(result["resultType"], "complete");
        }
    }

    #[test]
    fn what_is_no_skill_is_refused() {
        let trial = skills();
        for uri in [
            "skill://acme/billing/refunds",
            "skill://other/SKILL.md",
            "skill://acme/billing/refunds/references/GUIDE.md",
        ] {
            let error = trial.modern("skills/get", &json!({ "uri": uri }), None)["error"].clone();
            assert_eq!((&error["code"], &error["data"]["uri"]), (&json!(-32602), &json!(uri)));
        }
        for uri in [json!(null), json!(7), json!("open")] {
            assert_eq!(trial.modern("skills/get", &json!({ "uri": uri }), None)["error"]["code"], -32602);
        }
    }

    #[test]
    fn files_are_read_as_resources_with_what_the_skill_needs() {
        let trial = skills();
        let read = |uri: &str| {
            trial.modern("resources/read", &json!({ "uri": uri }), Some(&caller("notes:read")))["result"]["contents"][0]
                .clone()
        };
        let skill_md = "skill://acme/billing/refunds/SKILL.md";
        assert_eq!(read(skill_md), json!({"uri": skill_md, "mimeType": "text/markdown", "text": REFUNDS}));
        let logo = "skill://acme/billing/refunds/logo.bin";
        assert_eq!(read(logo), json!({"uri": logo, "mimeType": "application/octet-stream", "blob": "//4="}));
        let need = |method: &str, uri: &str| trial.need(method, &json!({ "uri": uri }));
        assert_eq!(need("resources/read", skill_md), "notes:read");
        assert_eq!(need("resources/read", logo), "notes:read");
        assert_eq!(need("resources/read", "skill://acme/billing/refunds/inner/SKILL.md"), "");
        // That there is such a skill is no secret, as with tools and resources.
        assert_eq!(need("skills/get", skill_md), "");
        let legacy = trial.legacy("resources/read", &json!({"uri": "skill://open/SKILL.md"}), None);
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
        let trial = skills();
        let children = |uri: &str| {
            let children = all(&trial, "resources/directory/read", "resources", json!({ "uri": uri }));
            let described =
                |child: &Value| format!("{} {}", child["name"].as_str().unwrap(), child["mimeType"].as_str().unwrap());
            assert!(
                children.iter().all(|child| child["uri"]
                    == format!("{uri}/{}", child["uri"].as_str().unwrap().rsplit('/').next().unwrap()))
            );
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
        assert_eq!(
            children("skill://acme/billing/refunds/references"),
            ["GUIDE.md text/markdown", "eu inode/directory"]
        );
        assert_eq!(children("skill://acme/billing/refunds/scripts"), ["run.py text/x-python"]);
        let first = trial.modern("resources/directory/read", &json!({"uri": "skill://open"}), None)["result"].clone();
        assert_eq!(first["resultType"], "complete");
        assert!(first.get("ttlMs").is_none(), "{first}");
    }

    #[test]
    fn what_is_no_directory_is_refused() {
        let trial = skills();
        for uri in [
            "skill://open/SKILL.md",
            "skill://open/",
            "skill://ope",
            "skill://other",
            "skill:/",
            "skill://",
            "note://open",
        ] {
            let error = trial.modern("resources/directory/read", &json!({ "uri": uri }), None)["error"].clone();
            assert_eq!(error["code"], -32602, "{uri}");
        }
    }

    #[test]
    fn only_2026_07_28_has_the_methods_and_only_with_a_skill() {
        let (trial, none) = (skills(), Trial::of(Connector::<TestHost>::new("n", "1")));
        let params = json!({"uri": "skill://open/SKILL.md"});
        for method in ["skills/list", "skills/get", "resources/directory/read"] {
            assert_eq!(trial.legacy(method, &params, None)["error"]["code"], -32601, "{method}");
            assert_eq!(none.modern(method, &params, None)["error"]["code"], -32601, "{method}");
        }
        let declared =
            |trial: &Trial| trial.modern("server/discover", &json!({}), None)["result"]["capabilities"].clone();
        let with = declared(&trial);
        assert_eq!(with["extensions"], json!({"io.modelcontextprotocol/skills": {"directoryRead": true}}));
        assert_eq!(with["resources"], json!({}));
        assert!(declared(&none).get("extensions").is_none());
        let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {}});
        assert!(trial.legacy("initialize", &params, None)["result"]["capabilities"].get("extensions").is_none());
    }
}
