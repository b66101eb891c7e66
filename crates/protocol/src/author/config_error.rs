//! What is wrong with a connector's own declarations: found by its author's test, not by a client.

use serde_json::Value;
use thiserror::Error;

use crate::author::connector::Connector;
use crate::author::feature::Feature;
use crate::author::page_settings::{InvalidPageSetting, PageSettings};
use crate::author::registry::ready_tool;
use crate::author::skill::{Skill, SkillProblem};
use crate::author::tool::Tool;
use crate::author::uri_template::{InvalidTemplate, InvalidUri};
use crate::author::view::InvalidView;
use crate::tool_schema::refused::RefusedSchema;
use crate::tool_schema::text_arguments::{names, property};
use crate::types::base_metadata::BaseMetadata;
use crate::types::content::Icon;
use mcp_connector_schema::Schema;

/// Longest tool name that Anthropic's directory takes.
const DIRECTORY_NAME_LENGTH: usize = 64;

/// Something to mend in a connector.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{part}: {problem}")]
pub struct ConfigError {
    part: String,
    problem: ErrorKind,
}

/// What is wrong with it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    #[error("a name is 1 to 128 characters of A-Z a-z 0-9 _ - and .")]
    Name,
    #[error("the name is longer than 64 characters, the most that Anthropic's directory takes")]
    LongName,
    #[error("another part has the same name")]
    NameTaken,
    #[error("there is no description; the model decides by it")]
    NoDescription,
    #[error("there is no title; people see it")]
    NoTitle,
    #[error("it does not say what it does to the world: add .read_only(), .additive() or .destructive()")]
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
    #[error("the argument `{0}` can be an object or an array; clients send texts")]
    NotAText(String),
    #[error("an icon needs an https: or data: URI")]
    Icon,
    #[error("{0}")]
    PageSetting(InvalidPageSetting),
    #[error("{0}")]
    View(InvalidView),
    #[error("there is no view `{0}`: add it with .view(…)")]
    NoView(String),
    #[error("{0}")]
    Skill(SkillProblem),
    #[error("the first sign-in asks for nothing, and a part needs a scope: call .sign_in([…])")]
    NoSignIn,
}

impl ConfigError {
    pub(crate) fn tool(name: &str, problem: ErrorKind) -> Self {
        Self::of_part("tool", name, problem)
    }

    pub(crate) fn of_part(kind: &str, name: &str, problem: ErrorKind) -> Self {
        Self { part: format!("{kind} `{name}`"), problem }
    }

    /// Returns the settings of the pages that cannot be used.
    pub(crate) fn of_page_settings(connector: &str, settings: &PageSettings) -> impl Iterator<Item = Self> {
        let errors = settings.errors().into_iter();
        errors.map(move |error| Self::of_part("connector", connector, ErrorKind::PageSetting(error)))
    }

    pub(crate) fn of<H: 'static>(connector: &Connector<H>) -> Vec<Self> {
        let mut defects = Vec::new();
        let whole = |problem| Self { part: format!("connector `{}`", connector.info.name), problem };
        defects.extend(unloadable(&connector.info.icons).map(whole));
        defects.extend(Self::of_page_settings(&connector.info.name, &connector.page_settings));
        if connector.needed_scopes().next().is_some() && connector.sign_in.is_empty() {
            defects.push(whole(ErrorKind::NoSignIn));
        }
        for (at, tool) in connector.tools.iter().enumerate() {
            defects.extend(problems(tool).into_iter().map(|problem| Self::tool(&tool.name, problem)));
            if connector.tools.iter().take(at).any(|earlier| earlier.name == tool.name) {
                defects.push(Self::tool(&tool.name, ErrorKind::NameTaken));
            }
            if let Some(view) = tool.view.as_ref().filter(|uri| !connector.has_view(uri)) {
                defects.push(Self::tool(&tool.name, ErrorKind::NoView(view.clone())));
            }
        }
        defects.extend(of_parts(&connector.resources, |resource| described(&resource.entry.about)));
        // Clients show the variables of a template by their names alone.
        defects.extend(of_parts(&connector.templates, |template| described(&template.about)));
        defects.extend(of_parts(&connector.prompts, |prompt| {
            described(&prompt.about).into_iter().chain(undescribed(&prompt.arguments)).collect()
        }));
        defects.extend(of_parts(&connector.views, |view| {
            let is_taken = connector.resources.iter().any(|resource| resource.key() == view.key());
            described(&view.entry.about).into_iter().chain(is_taken.then_some(ErrorKind::NameTaken)).collect()
        }));
        for (at, skill) in connector.skills.iter().enumerate() {
            let earlier = connector.skills.iter().take(at);
            let problem = skill.check().err().or_else(|| skill.taken(earlier).map(ErrorKind::Skill));
            let problems = problem.map_or_else(|| skill.advice(connector.skills.iter()), |problem| vec![problem]);
            defects.extend(problems.into_iter().map(|problem| Self::of_part(Skill::KIND, skill.key(), problem)));
        }
        defects
    }
}

/// Returns what released clients refuse of the schemas that authors wrote by hand. They are published nevertheless.
pub(crate) fn warnings<H>(tools: &[Tool<H>]) -> Vec<ConfigError> {
    let of_tool = |tool: &Tool<H>| {
        let warnings = tool.input.warnings().into_iter();
        warnings.map(|refused| ConfigError::tool(&tool.name, ErrorKind::RefusedInput(refused))).collect::<Vec<_>>()
    };
    tools.iter().flat_map(of_tool).collect()
}

/// What keeps parts from being served, and what else is to be mended about each.
fn of_parts<P: Feature>(parts: &[P], others: impl Fn(&P) -> Vec<ErrorKind>) -> Vec<ConfigError> {
    let mut defects = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let taken = parts.iter().take(at).any(|earlier| earlier.key() == part.key()).then_some(ErrorKind::NameTaken);
        let problems = part.check().err().into_iter().chain(taken).chain(others(part));
        defects.extend(problems.map(|problem| ConfigError::of_part(P::KIND, part.key(), problem)));
    }
    defects
}

fn described(about: &BaseMetadata) -> Vec<ErrorKind> {
    let mut problems = spoken_of(about.title.as_deref(), &about.description);
    problems.extend(unloadable(&about.icons));
    problems
}

/// What people and models read first.
fn spoken_of(title: Option<&str>, description: &str) -> Vec<ErrorKind> {
    let mut problems = Vec::new();
    if title.is_none_or(|title| title.trim().is_empty()) {
        problems.push(ErrorKind::NoTitle);
    }
    if description.trim().is_empty() {
        problems.push(ErrorKind::NoDescription);
    }
    problems
}

fn unloadable(icons: &[Icon]) -> Option<ErrorKind> {
    icons.iter().any(|icon| !icon.is_loadable()).then_some(ErrorKind::Icon)
}

fn undescribed(schema: &Value) -> impl Iterator<Item = ErrorKind> {
    let is_undescribed = |name: &&str| !property(schema, name).is_some_and(|argument| is_described(argument, schema));
    names(schema).into_iter().filter(is_undescribed).map(|name| ErrorKind::ArgumentWithoutDescription(name.to_owned()))
}

fn problems<H>(tool: &Tool<H>) -> Vec<ErrorKind> {
    let mut problems = Vec::new();
    problems.extend(ready_tool(&tool.name, &tool.input).err());
    if tool.name.len() > DIRECTORY_NAME_LENGTH {
        problems.push(ErrorKind::LongName);
    }
    problems.extend(spoken_of(tool.title.as_deref(), &tool.description));
    if tool.annotations.read_only.is_none() {
        problems.push(ErrorKind::NoHint);
    }
    problems.extend(unloadable(&tool.icons));
    problems.extend(tool.input.defects().into_iter().map(ErrorKind::RefusedInput));
    if let Some(output) = &tool.output {
        problems
            .extend(Schema::compile(&output.published).err().map(|error| ErrorKind::OutputSchema(error.to_string())));
        problems.extend(output.defects().into_iter().map(ErrorKind::RefusedOutput));
    }
    problems.extend(undescribed(&tool.input.published));
    problems
}

/// Whether an argument says what it is, itself or in the definition that it refers to.
fn is_described(argument: &Value, schema: &Value) -> bool {
    let says = |schema: &Value| schema.get("description").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    let definition = argument.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    says(argument) || definition.and_then(|pointer| schema.pointer(pointer)).is_some_and(says)
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;

    use super::*;
    use crate::author::completion::Partial;
    use crate::author::prompt::Prompt;
    use crate::author::registry::Registry;
    use crate::author::resource::{Resource, ResourceTemplate};
    use crate::author::tool_result::ToolError;
    use crate::author::view::View;
    use crate::call::context::Context;
    use crate::testing::test_host::TestHost;

    #[derive(Deserialize, JsonSchema)]
    struct Id {
        #[allow(dead_code, reason = "only its schema is used")]
        id: u64,
    }

    #[derive(Deserialize, JsonSchema)]
    struct Tags {
        #[allow(dead_code, reason = "only its schema is used")]
        tags: Vec<String>,
    }

    async fn fixed(_cx: Context<TestHost>) -> Result<&'static str, ToolError> {
        Ok("a")
    }

    async fn of_id(_args: Id) -> Result<&'static str, ToolError> {
        Ok("a")
    }

    async fn of_tags(_args: Tags) -> Result<&'static str, ToolError> {
        Ok("a")
    }

    async fn nothing(_partial: Partial, _cx: Context<TestHost>) -> Result<Vec<String>, ToolError> {
        Ok(Vec::new())
    }

    fn connector() -> Connector<TestHost> {
        Connector::new("n", "1")
    }

    /// What is said about the one part of `connector`, and whether it is served nevertheless.
    fn problems(connector: impl Fn() -> Connector<TestHost>) -> (Vec<ErrorKind>, bool) {
        let problems = connector().defects().into_iter().map(|defect| defect.problem).collect();
        (problems, Registry::new(connector()).1.is_empty())
    }

    #[test]
    fn a_part_that_cannot_be_served_is_left_out() {
        let template = |uri: &str| ResourceTemplate::new(uri, "n", "d", of_id).title("t");
        let rows: &[(&dyn Fn() -> Connector<TestHost>, ErrorKind)] = &[
            (
                &|| connector().resource(Resource::new("no uri", "n", "d", fixed).title("t")),
                ErrorKind::Uri(InvalidUri::Scheme),
            ),
            (&|| connector().template(template("a:b")), ErrorKind::Template(InvalidTemplate::NoVariable)),
            (&|| connector().template(template("a:{key}")), ErrorKind::VariableWithoutField("key".to_owned())),
            (
                &|| connector().template(ResourceTemplate::new("a:{x}", "n", "d", fixed).title("t")),
                ErrorKind::VariableWithoutField("x".to_owned()),
            ),
            (
                &|| connector().template(template("a:{id}").complete("key", nothing)),
                ErrorKind::CompletesNothing("key".to_owned()),
            ),
            (&|| connector().prompt(Prompt::new("a b", "d", fixed).title("t")), ErrorKind::Name),
            (
                &|| {
                    connector()
                        .resource(Resource::new("a:b", "n", "d", fixed).title("t"))
                        .resource(Resource::new("a:b", "m", "d", fixed).title("t"))
                },
                ErrorKind::NameTaken,
            ),
            (
                &|| connector().view(View::new("ui://a", "n", "d", "<p>").title("t")),
                ErrorKind::View(InvalidView::Document),
            ),
            (
                &|| connector().view(view("ui://a")).resource(Resource::new("ui://a", "n", "d", fixed).title("t")),
                ErrorKind::NameTaken,
            ),
            (&|| connector().tool(tool().shows("ui://b")).view(view("ui://a")), ErrorKind::NoView("ui://b".to_owned())),
            (&|| connector().skill(skill()).skill(skill()), taken("skill://s/SKILL.md")),
            (&|| connector().skill(skill().file("a", "").file("a/b", "")), taken("skill://s/a")),
            (&|| connector().skill(Skill::new("---\nname: S\n---")), ErrorKind::Skill(SkillProblem::Name)),
        ];
        for (connector, problem) in rows {
            assert_eq!(problems(connector), (vec![problem.clone()], false), "{problem}");
        }
        let (found, is_served) = problems(|| connector().prompt(Prompt::new("n", "d", of_tags).title("t")));
        assert!(found.contains(&ErrorKind::NotAText("tags".to_owned())) && !is_served, "{found:?}");
    }

    fn view(uri: &str) -> View {
        View::new(uri, "n", "d", "<!doctype html>").title("t")
    }

    fn tool() -> Tool<TestHost> {
        Tool::new("n", "d", fixed).title("t").read_only()
    }

    fn skill() -> Skill {
        Skill::new("---\nname: s\ndescription: d\n---")
    }

    fn taken(uri: &str) -> ErrorKind {
        ErrorKind::Skill(SkillProblem::Taken(uri.to_owned()))
    }

    #[test]
    fn a_setting_of_the_pages_that_is_not_valid_is_left_out() {
        let green = || connector().accent_color("green").operated_by("Ada");
        assert_eq!(problems(green), (vec![ErrorKind::PageSetting(InvalidPageSetting::Accent)], false));
    }

    #[test]
    fn a_view_that_a_tool_shows_is_there() {
        let own = || connector().tool(tool().shows("ui://a")).view(view("ui://a"));
        let made =
            || connector().tool(tool().shows("ui://a")).resource(Resource::new("ui://a", "n", "d", fixed).title("t"));
        assert_eq!((problems(own), problems(made)), ((vec![], true), (vec![], true)));
    }

    #[test]
    fn a_part_that_says_too_little_is_served() {
        let bare = || connector().resource(Resource::new("a:b", "n", " ", fixed));
        assert_eq!(problems(bare), (vec![ErrorKind::NoTitle, ErrorKind::NoDescription], true));
        let undescribed = || connector().prompt(Prompt::new("n", "d", of_id).title("t"));
        assert_eq!(problems(undescribed), (vec![ErrorKind::ArgumentWithoutDescription("id".to_owned())], true));
    }
}
