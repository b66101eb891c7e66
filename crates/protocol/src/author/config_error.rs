//! What can be wrong with a connector's declarations. [`checks`](crate::author::checks) finds it.

use thiserror::Error;

use crate::author::hosts::{Hosts, InvalidHost};
use crate::author::page_settings::{InvalidPageSetting, PageSettings};
use crate::author::resources::uri_template::{InvalidTemplate, InvalidUri};
use crate::author::skills::frontmatter::InvalidFrontmatter;
use crate::author::upstreams::invalid_upstream::InvalidUpstream;
use crate::author::upstreams::upstream::Upstream;
use crate::discovery::server_name::InvalidServerName;
use crate::tool_schema::refused::RefusedSchema;

/// A mistake in a connector's declarations, with the tool, prompt or resource that has it.
///
/// [`Connector::check`](crate::author::connector::Connector::check) returns them. The text says what to change.
///
/// # Examples
///
/// ```
/// use mcp_connector::{ConfigError, Connector, Icon};
///
/// let errors: Vec<ConfigError> = Connector::new("notes", "1.0.0").icon(Icon::new("/icon.png")).check();
/// assert_eq!(errors[0].to_string(), "connector `notes`: an icon needs an https: or data: URI");
/// ```
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{feature}: {kind}")]
pub struct ConfigError {
    feature: String,
    pub(crate) kind: ErrorKind,
}

impl ConfigError {
    /// Creates an error of the feature of this kind and name: a tool `echo`, a prompt `review`.
    pub(crate) fn new(feature_kind: &str, name: &str, kind: ErrorKind) -> Self {
        Self { feature: format!("{feature_kind} `{name}`"), kind }
    }

    /// Returns the settings of the pages that cannot be used.
    pub(crate) fn of_page_settings(connector: &str, settings: &PageSettings) -> impl Iterator<Item = Self> {
        settings.errors().into_iter().map(move |error| Self::new("connector", connector, ErrorKind::PageSetting(error)))
    }

    /// Returns the declared hosts that no request can be sent to.
    pub(crate) fn of_hosts(connector: &str, hosts: &Hosts) -> impl Iterator<Item = Self> {
        hosts.errors().iter().map(move |error| Self::new("connector", connector, ErrorKind::Host(error.clone())))
    }
}

impl ConfigError {
    /// Returns the upstream services that cannot be used.
    pub(crate) fn of_upstreams<H>(upstreams: &[Upstream<H>], somebody_signs_in: bool) -> Vec<Self> {
        let mut errors = Vec::new();
        for (index, upstream) in upstreams.iter().enumerate() {
            let mut kinds: Vec<_> = upstream.errors().into_iter().map(ErrorKind::Upstream).collect();
            if upstreams.iter().take(index).any(|earlier| earlier.name == upstream.name) {
                kinds.push(ErrorKind::NameTaken);
            }
            if !somebody_signs_in {
                kinds.push(ErrorKind::Upstream(InvalidUpstream::NobodySignsIn));
            }
            errors.extend(kinds.into_iter().map(|kind| Self::new("upstream", &upstream.name, kind)));
        }
        errors
    }
}

/// The mistake itself.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    #[error("a name is 1 to 128 characters of A-Z a-z 0-9 _ - and .")]
    Name,
    #[error("the name is longer than 64 characters, the most that Anthropic's directory takes")]
    LongName,
    #[error("another feature has the same name")]
    NameTaken,
    #[error("the description is missing; the model decides by it")]
    NoDescription,
    #[error("the title is missing; people see it")]
    NoTitle,
    #[error("the tool does not say what it changes: add .read_only(), .additive() or .destructive()")]
    NoHint,
    #[error("the arguments must be an object: derive JsonSchema on a struct with named fields")]
    InputNotAnObject,
    #[error("the input schema is not valid: {0}")]
    InputSchema(String),
    #[error("the output schema is not valid: {0}")]
    OutputSchema(String),
    #[error("the input schema: {0}")]
    RefusedInput(RefusedSchema),
    #[error("the output schema: {0}")]
    RefusedOutput(RefusedSchema),
    #[error("an `x-mcp-header` is not valid: {0}")]
    HeaderParam(String),
    #[error("the argument `{0}` has no description: put a doc comment on the field")]
    ArgumentWithoutDescription(String),
    #[error("the URI is not valid: {0}")]
    Uri(InvalidUri),
    #[error("the URI template is not valid: {0}")]
    Template(InvalidTemplate),
    #[error("the handler's argument type has no field for the variable `{0}`")]
    VariableWithoutField(String),
    #[error("the handler needs `{0}`, and the URI template has no such variable")]
    FieldWithoutVariable(String),
    #[error("it completes `{0}`, and has no such argument")]
    CompletesNothing(String),
    #[error("the argument `{0}` can be an object or an array; clients send strings")]
    NotAString(String),
    #[error("an icon needs an https: or data: URI")]
    Icon,
    #[error("{0}")]
    RegistryName(InvalidServerName),
    #[error("{0}")]
    Host(InvalidHost),
    #[error("{0}")]
    View(InvalidView),
    #[error("{0}")]
    PageSetting(InvalidPageSetting),
    #[error("there is no view `{0}`: add it with .view(…)")]
    NoView(String),
    #[error("{0}")]
    Skill(InvalidSkill),
    #[error("the first sign-in asks for no scope, but a feature needs one: call .sign_in([…])")]
    NoSignIn,
    #[error("{0}")]
    Upstream(InvalidUpstream),
    #[error(
        "the path of a webhook is `/` and names of A-Z a-z 0-9 - . _ and ~ with a `/` between them, at most 128 characters"
    )]
    WebhookPath,
    #[error("the Worker answers this path itself; take another, such as /hooks/github")]
    ReservedPath,
    #[error("it is shown to some people only, but nobody signs in: add a scope with .scope(…)")]
    SeenByNobody,
}

/// A mistake in a view.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum InvalidView {
    #[error("the URI of a view begins with `ui://`")]
    Scheme,
    #[error("a view is a whole HTML document: it begins with `<!doctype html>`")]
    Document,
    #[error(
        "`{0}` is not an origin: write `https://`, a host and perhaps a port; the first label of the host may be `*`"
    )]
    Origin(String),
}

/// A mistake in a skill.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum InvalidSkill {
    #[error("SKILL.md, {0}")]
    Frontmatter(InvalidFrontmatter),
    #[error("its `name` is 1 to 64 characters of a-z 0-9 and `-`, without a `-` at an end or two together")]
    Name,
    #[error("its `{0}` is a string of 1 to {1} characters")]
    Length(&'static str, usize),
    #[error("`{0}` is not a path: names of A-Z a-z 0-9 . _ ~ and -, with a `/` between them")]
    Path(String),
    #[error("there are two files `{0}`, or it is a folder too")]
    Taken(String),
    #[error("it has more than {MAX_SKILL_FILES} files; not every host takes it")]
    Files,
    #[error("it has more than 16 MiB; not every host takes it")]
    Bytes,
    #[error("`{0}` in its `metadata` begins with `io.modelcontextprotocol/`, which is reserved")]
    Reserved(String),
    #[error("`{0}` in its `metadata` is not a string: put it in quotes")]
    NotAString(String),
}

/// Maximum number of files of a skill: a host may refuse one with more (Skills extension, "Limits").
pub(crate) const MAX_SKILL_FILES: usize = 512;
