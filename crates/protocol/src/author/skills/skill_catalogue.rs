//! The skills of a connector as they are served, with all their files. The files are resources, and read as such (Skills
//! extension).
//!
//! What a skill holds and what a folder holds both follow from the URIs of the files, so that the two never disagree.

use std::cell::OnceCell;
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::author::config_error::{ConfigError, ErrorKind};
use crate::author::feature::Feature;
use crate::author::resources::listed_resource::ListedResource;
use crate::author::resources::resource::Resource;
use crate::author::skills::frontmatter::Frontmatter;
use crate::author::skills::skill::{File, MANIFEST, Skill};
use crate::author::visibility::audience::Access;
use crate::types::resource_contents::ResourceContents;
use crate::types::result::CacheHints;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::caller::Caller;

/// How long a client may keep a file. With a digest it sees for itself whether it is still the same.
const FRESH_FOR: Duration = Duration::from_mins(5);

/// The skills of a connector, each with all its files.
#[derive(Default)]
pub(crate) struct SkillCatalogue {
    pub(crate) skills: Vec<ValidatedSkill>,
    files: Vec<SkillFile>,
}

/// A skill that can be served.
pub(crate) struct ValidatedSkill {
    /// The URI of its folder.
    root: String,
    frontmatter: Frontmatter,
    access: Access,
}

struct SkillFile {
    entry: ListedResource,
    contents: &'static [u8],
    digest: OnceCell<String>,
    access: Access,
}

impl SkillCatalogue {
    /// Returns those of `skills` that can be served, and adds their files to `resources`.
    pub(crate) fn new<H: 'static>(
        skills: Vec<Skill>,
        resources: &mut Vec<Resource<H>>,
        rejected: &mut Vec<ConfigError>,
    ) -> Self {
        let mut catalogue = Self::default();
        let mut served: Vec<Skill> = Vec::new();
        for skill in skills {
            let problem = match (skill.check(), skill.taken(served.iter())) {
                (Ok(frontmatter), None) => {
                    catalogue.add(&skill, frontmatter, resources);
                    served.push(skill);
                    continue;
                }
                (Err(problem), _) => problem,
                (Ok(_), Some(problem)) => ErrorKind::Skill(problem),
            };
            rejected.push(ConfigError::new(Skill::KIND, skill.key(), problem));
        }
        catalogue
    }

    fn add<H: 'static>(&mut self, skill: &Skill, frontmatter: Frontmatter, resources: &mut Vec<Resource<H>>) {
        let (root, access) = (skill.root(), Access::new(&skill.scopes, skill.audience.as_ref()));
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
            resource.source.audience.clone_from(&skill.audience);
            // The other files are found from there. A list of all of them would bury the connector's own resources.
            resource.is_listed = is_manifest;
            resources.push(resource);
            self.files.push(SkillFile { entry, contents, digest: OnceCell::new(), access: access.clone() });
        }
        self.skills.push(ValidatedSkill { root, frontmatter, access });
    }

    /// Returns whether there is no skill.
    pub(crate) fn is_empty(&self) -> bool {
        self.skills.is_empty()
    }

    /// Returns the skills that `caller` sees.
    pub(crate) fn seen_by(&self, caller: Option<&Caller>) -> Vec<&ValidatedSkill> {
        self.skills.iter().filter(|skill| skill.access.is_visible_to(caller)).collect()
    }

    /// Returns how long a list of skills, or one of them, may be kept.
    pub(crate) fn cache(&self, version: ProtocolVersion) -> Option<CacheHints> {
        if self.skills.iter().any(|skill| skill.access.has_audience()) {
            CacheHints::private(version)
        } else {
            CacheHints::public(version)
        }
    }

    /// Returns the skill whose `SKILL.md` has this URI, if `caller` sees it.
    pub(crate) fn find(&self, uri: &str, caller: Option<&Caller>) -> Option<&ValidatedSkill> {
        self.skills.iter().find(|skill| skill.manifest() == uri).filter(|skill| skill.access.is_visible_to(caller))
    }

    /// Returns a skill with all its files that `caller` sees, those of skills inside it among them ("Resources").
    pub(crate) fn entry(&self, skill: &ValidatedSkill, caller: Option<&Caller>) -> Value {
        let files: Vec<_> = self.below(&skill.root, caller).map(|(file, _)| file.listed()).collect();
        json!({ "uri": skill.manifest(), "frontmatter": skill.frontmatter.0, "resources": files })
    }

    /// Returns the files below a folder that `caller` sees, with their paths from there.
    fn below<'a>(
        &'a self,
        folder: &'a str,
        caller: Option<&'a Caller>,
    ) -> impl Iterator<Item = (&'a SkillFile, &'a str)> {
        self.files.iter().filter(move |file| file.access.is_visible_to(caller)).filter_map(move |file| {
            let path = file.entry.uri.strip_prefix(folder)?.strip_prefix('/')?;
            Some((file, path))
        })
    }

    /// Returns what `caller` sees in a folder itself ("Reading Directories"), or `None` where the URI is not one of a folder.
    pub(crate) fn children(&self, folder: &str, caller: Option<&Caller>) -> Option<Vec<ListedResource>> {
        // The scheme alone is no folder.
        folder.strip_prefix("skill://").filter(|path| !path.is_empty())?;
        let mut children: Vec<ListedResource> = Vec::new();
        for (file, path) in self.below(folder, caller) {
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

impl ValidatedSkill {
    /// Returns the URI of its `SKILL.md`.
    fn manifest(&self) -> String {
        format!("{}/{MANIFEST}", self.root)
    }
}

impl SkillFile {
    /// Returns the file with its digest, which is computed once per isolate.
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

/// Returns the media type of a file by the end of its name; if that says nothing, that of text or of bytes.
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
