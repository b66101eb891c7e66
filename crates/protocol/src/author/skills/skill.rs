//! Skills as the author describes them: a `SKILL.md` with the files that belong to it, all built into the Worker (Skills
//! extension, `io.modelcontextprotocol/skills`; the format is that of the Agent Skills specification).

use serde_json::Value;

use crate::author::config_error::{ErrorKind, InvalidSkill, MAX_SKILL_FILES};
use crate::author::feature::Feature;
use crate::author::skills::frontmatter::{Frontmatter, InvalidFrontmatter};
use crate::author::visibility::audience::Audience;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::scope::{IntoScope, Scope};

/// The file that every skill has.
pub(crate) const MANIFEST: &str = "SKILL.md";

/// Maximum size of a skill: a host may refuse a larger one ("Limits").
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Instructions for a model, with the files that they refer to (Skills extension, `io.modelcontextprotocol/skills`).
///
/// A skill is a folder with a `SKILL.md` in the format of the Agent Skills specification. All its files are built into the
/// Worker.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Connector, Skill};
///
/// const SKILL_MD: &str = "---\nname: refunds\ndescription: How to refund an order.\n---\nRead references/RULES.md first.\n";
///
/// let skill = Skill::new(SKILL_MD).under("shop").file("references/RULES.md", "Refund within 30 days.");
/// assert_eq!(Connector::new("shop", "1.0.0").skill(skill).check(), []);
/// ```
pub struct Skill {
    /// The path of its folder: `acme/billing/refunds`.
    path: String,
    frontmatter: Result<Frontmatter, InvalidFrontmatter>,
    pub(crate) files: Vec<File>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) audience: Option<Audience>,
}

/// A file of a skill.
pub(crate) struct File {
    /// Below the skill's own folder.
    pub(crate) path: String,
    pub(crate) contents: &'static [u8],
}

impl Skill {
    /// Creates a public skill from a whole `SKILL.md` with its frontmatter, usually `include_str!("skills/a/SKILL.md")`.
    ///
    /// The `name` in the frontmatter is the name of the skill's folder: `skill://name/SKILL.md`.
    #[must_use]
    pub fn new(skill_md: &'static str) -> Self {
        let frontmatter = Frontmatter::of(skill_md);
        let name = frontmatter.as_ref().ok().and_then(|frontmatter| frontmatter.text("name")).unwrap_or(MANIFEST);
        let manifest = File { path: MANIFEST.to_owned(), contents: skill_md.as_bytes() };
        Self { path: name.to_owned(), frontmatter, files: vec![manifest], scopes: Vec::new(), audience: None }
    }

    /// Adds a file at `path` below the skill's folder, usually with `include_str!` or `include_bytes!`.
    #[must_use]
    pub fn file(mut self, path: impl Into<String>, contents: &'static (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.files.push(File { path: path.into(), contents: contents.as_ref() });
        self
    }

    /// Puts the skill into a folder: with `acme/billing`, its URI is `skill://acme/billing/name/SKILL.md`.
    #[must_use]
    pub fn under(mut self, folder: &str) -> Self {
        self.path = format!("{folder}/{}", self.path);
        self
    }

    /// Requires a sign-in with `scope` to read the files. Everybody sees that the skill exists. Call it several times to
    /// require several scopes.
    #[must_use]
    pub fn scope(mut self, scope: impl IntoScope) -> Self {
        self.scopes.push(scope.into_scope());
        self
    }

    /// Shows the skill only to callers for whom `is_shown` returns true. Call it several times to add conditions.
    ///
    /// For everybody else the skill does not exist: it is in no list, and reading it is answered as if nothing had that URI.
    ///
    /// `is_shown` decides about people who have signed in, so the skill takes a sign-in even without a
    /// [`scope`](Self::scope). A client without a token sees it and is challenged, because only a sign-in tells who its
    /// person is. `is_shown` runs for each list and each request, and knows the [`Caller`] alone.
    ///
    /// [`Caller`]: mcp_connector_base::caller::Caller
    #[must_use]
    pub fn visible_to(mut self, is_shown: impl Fn(&Caller) -> bool + 'static) -> Self {
        self.audience = Some(Audience::narrowed(self.audience.take(), is_shown));
        self
    }

    /// Returns the URI of its folder.
    pub(crate) fn root(&self) -> String {
        format!("skill://{}", self.path)
    }

    /// Returns the URIs of its files.
    fn uris(&self) -> impl Iterator<Item = String> {
        self.files.iter().map(|file| format!("{}/{}", self.root(), file.path))
    }

    /// Returns an error for the first of its files whose URI another file or folder has, among its own files and those of
    /// `others`.
    pub(crate) fn taken<'a>(&self, others: impl Iterator<Item = &'a Self>) -> Option<InvalidSkill> {
        let others: Vec<_> = others.flat_map(Self::uris).collect();
        let own: Vec<_> = self.uris().collect();
        let is_below = |uri: &str, other: &str| other.strip_prefix(uri).is_some_and(|rest| rest.starts_with('/'));
        let clashes = |(at, uri): &(usize, &String)| {
            own.iter().take(*at).any(|earlier| earlier == *uri)
                || own.iter().any(|other| is_below(uri, other))
                || others.iter().any(|other| other == *uri || is_below(uri, other) || is_below(other, uri))
        };
        own.iter().enumerate().find(clashes).map(|(_, uri)| InvalidSkill::Taken(uri.clone()))
    }

    /// Returns what a host may refuse, though the skill can be served. `all` are the skills of the connector.
    pub(crate) fn advice<'a>(&self, all: impl Iterator<Item = &'a Self>) -> Vec<ErrorKind> {
        let mut problems = Vec::new();
        let inside = format!("{}/", self.path);
        // The files of a skill inside this one are files of this one too.
        let files: Vec<_> = all
            .filter(|skill| skill.path == self.path || skill.path.starts_with(&inside))
            .flat_map(|skill| &skill.files)
            .collect();
        if files.len() > MAX_SKILL_FILES {
            problems.push(InvalidSkill::Files);
        }
        if files.iter().map(|file| file.contents.len()).sum::<usize>() > MAX_BYTES {
            problems.push(InvalidSkill::Bytes);
        }
        let members = self.frontmatter.iter().map(|frontmatter| &frontmatter.0);
        let member = |name: &str| members.clone().find_map(|members| members.get(name));
        for (name, most) in [("description", 1024), ("compatibility", 500)] {
            let fits = |value: &Value| value.as_str().is_some_and(|text| (1..=most).contains(&text.chars().count()));
            if member(name).is_some_and(|value| value.is_string() && !fits(value)) {
                problems.push(InvalidSkill::Length(name, most));
            }
        }
        for (name, value) in member("metadata").and_then(Value::as_object).into_iter().flatten() {
            if name.starts_with("io.modelcontextprotocol/") {
                problems.push(InvalidSkill::Reserved(name.clone()));
            }
            if !value.is_string() {
                problems.push(InvalidSkill::NotAString(name.clone()));
            }
        }
        problems.into_iter().map(ErrorKind::Skill).collect()
    }
}

impl Feature for Skill {
    const KIND: &'static str = "skill";
    type Checked = Frontmatter;

    fn key(&self) -> &str {
        &self.path
    }

    fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    fn audience(&self) -> Option<&Audience> {
        self.audience.as_ref()
    }

    fn check(&self) -> Result<Frontmatter, ErrorKind> {
        let frontmatter =
            self.frontmatter.clone().map_err(|error| ErrorKind::Skill(InvalidSkill::Frontmatter(error)))?;
        if !frontmatter.text("name").is_some_and(is_skill_name) {
            return Err(ErrorKind::Skill(InvalidSkill::Name));
        }
        if frontmatter.text("description").is_none_or(|text| text.trim().is_empty()) {
            return Err(ErrorKind::Skill(InvalidSkill::Length("description", 1024)));
        }
        let paths = self.files.iter().map(|file| &file.path).chain([&self.path]);
        match paths.into_iter().find(|path| !is_path(path)) {
            Some(path) => Err(ErrorKind::Skill(InvalidSkill::Path(path.clone()))),
            None => Ok(frontmatter),
        }
    }
}

fn is_skill_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && name.split('-').all(|part| !part.is_empty())
}

/// Whether `path` has only characters that a URI holds as they are, so that it has one form.
fn is_path(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    path.split('/').all(|name| !matches!(name, "" | "." | "..") && name.bytes().all(is_plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    static LARGE: [u8; MAX_BYTES] = [0; MAX_BYTES];
    const DEMO: &str = "---\nname: demo\ndescription: Shows something.\n---\n";

    #[test]
    fn a_skill_has_a_name_a_description_and_plain_paths() {
        let rows: &[(Skill, InvalidSkill)] = &[
            (Skill::new("---\nname: Demo\ndescription: d\n---"), InvalidSkill::Name),
            (Skill::new("---\nname: a--b\ndescription: d\n---"), InvalidSkill::Name),
            (Skill::new("---\nname: '-a'\ndescription: d\n---"), InvalidSkill::Name),
            (Skill::new("---\nname: 7\ndescription: d\n---"), InvalidSkill::Name),
            (Skill::new("---\ndescription: d\n---"), InvalidSkill::Name),
            (Skill::new("---\nname: a\n---"), InvalidSkill::Length("description", 1024)),
            (Skill::new("---\nname: a\ndescription: ' '\n---"), InvalidSkill::Length("description", 1024)),
            (Skill::new(DEMO).under("a b"), InvalidSkill::Path("a b/demo".to_owned())),
            (Skill::new(DEMO).under("/a"), InvalidSkill::Path("/a/demo".to_owned())),
            (Skill::new(DEMO).file("../x", ""), InvalidSkill::Path("../x".to_owned())),
            (Skill::new(DEMO).file("a//x", ""), InvalidSkill::Path("a//x".to_owned())),
            (Skill::new(DEMO).file("a/", ""), InvalidSkill::Path("a/".to_owned())),
            (Skill::new(DEMO).file("é", ""), InvalidSkill::Path("é".to_owned())),
            (Skill::new(DEMO).file("a?b", ""), InvalidSkill::Path("a?b".to_owned())),
        ];
        for (skill, problem) in rows {
            assert_eq!(skill.check(), Err(ErrorKind::Skill(problem.clone())));
        }
        let long =
            Skill::new("---\nname: abc-1\ndescription: d\nmore: x\n---").under("A.b/c_d").file("a/b.c/D~e", b"\xff");
        assert_eq!(long.check().map(|frontmatter| frontmatter.0.len()), Ok(3));
        assert!(
            Skill::new("# Demo").check().is_err_and(|problem| problem.to_string().starts_with("SKILL.md, line 1: "))
        );
    }

    #[test]
    fn no_uri_is_two_things() {
        let taken = |skill: Skill, others: &[Skill]| match skill.taken(others.iter()) {
            Some(InvalidSkill::Taken(uri)) => uri,
            _ => String::new(),
        };
        let demo = || Skill::new(DEMO);
        assert_eq!(taken(demo().file("a", "").file("b/c", "").file("b/d", "").file("ab", ""), &[]), "");
        assert_eq!(taken(demo().file("SKILL.md", ""), &[]), "skill://demo/SKILL.md");
        assert_eq!(taken(demo().file("a/b", "").file("a", ""), &[]), "skill://demo/a");
        assert_eq!(taken(demo(), &[demo()]), "skill://demo/SKILL.md");
        assert_eq!(taken(demo(), &[demo().under("x")]), "");
        // A skill inside another one.
        assert_eq!(taken(demo().under("demo"), &[demo()]), "");
        assert_eq!(taken(demo().under("demo"), &[demo().file("demo", "")]), "skill://demo/demo/SKILL.md");
        assert_eq!(taken(demo().file("demo", ""), &[demo().under("demo")]), "skill://demo/demo");
    }

    #[test]
    fn what_hosts_may_refuse_is_reported() {
        let advice = |skill: Skill, others: &[Skill]| {
            let problems = skill.advice(others.iter().chain([&skill]));
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        };
        let many = |count: usize| (0..count).fold(Skill::new(DEMO), |skill, at| skill.file(format!("{at}"), ""));
        assert_eq!(advice(many(MAX_SKILL_FILES - 1), &[]), "");
        assert!(advice(many(MAX_SKILL_FILES), &[]).contains("512 files"));
        assert!(advice(many(MAX_SKILL_FILES - 1), &[Skill::new(DEMO).under("demo")]).contains("512 files"));
        assert!(advice(Skill::new(DEMO).file("a", &LARGE), &[]).contains("16 MiB"));
        let long: &'static str =
            Box::leak(format!("---\nname: a\ndescription: {}\n---", "é".repeat(1025)).into_boxed_str());
        assert!(advice(Skill::new(long), &[]).contains("1 to 1024 characters"));
        let odd =
            "---\nname: a\ndescription: d\ncompatibility: ''\nmetadata:\n  io.modelcontextprotocol/x: z\n  v: 1\n---";
        let reported = advice(Skill::new(odd), &[]);
        assert!(
            ["`compatibility`", "reserved", "`v` in its `metadata` is not a string"]
                .iter()
                .all(|part| reported.contains(part)),
            "{reported}"
        );
    }
}
