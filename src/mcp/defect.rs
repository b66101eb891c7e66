//! What is wrong with a connector's own declarations: found by its author's test, not by a client.

use serde_json::Value;
use thiserror::Error;

use super::connector::{Connector, ready};
use super::schema::Schema;
use super::tool::Tool;

/// Longest tool name that Anthropic's directory takes.
const DIRECTORY_NAME_LENGTH: usize = 64;

/// Something to mend in a connector.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{part}: {problem}")]
pub struct Defect {
    part: String,
    problem: Problem,
}

/// What is wrong with it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum Problem {
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
    #[error("an `x-mcp-header` is not valid: {0}")]
    HeaderParam(String),
    #[error("the argument `{0}` has no description: put a doc comment on the field")]
    ArgumentWithoutDescription(String),
    #[error("an icon needs an https: or data: URI")]
    Icon,
    #[error("the first sign-in asks for nothing, and a tool needs a scope: call .sign_in([…])")]
    NoSignIn,
}

impl Defect {
    pub(crate) fn tool(name: &str, problem: Problem) -> Self {
        Self { part: format!("tool `{name}`"), problem }
    }

    pub(crate) fn of<H: 'static>(connector: &Connector<H>) -> Vec<Self> {
        let mut defects = Vec::new();
        let whole = |problem| Self { part: format!("connector `{}`", connector.info.name), problem };
        if connector.info.icons.iter().any(|icon| !icon.is_loadable()) {
            defects.push(whole(Problem::Icon));
        }
        if connector.needs_sign_in() && connector.sign_in.is_empty() {
            defects.push(whole(Problem::NoSignIn));
        }
        for (at, tool) in connector.tools.iter().enumerate() {
            defects.extend(problems(tool).into_iter().map(|problem| Self::tool(&tool.name, problem)));
            if connector.tools.iter().take(at).any(|earlier| earlier.name == tool.name) {
                defects.push(Self::tool(&tool.name, Problem::NameTaken));
            }
        }
        defects
    }
}

fn problems<H>(tool: &Tool<H>) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(ready(&tool.name, &tool.input_schema).err());
    if tool.name.len() > DIRECTORY_NAME_LENGTH {
        problems.push(Problem::LongName);
    }
    if tool.title.as_ref().is_none_or(|title| title.trim().is_empty()) {
        problems.push(Problem::NoTitle);
    }
    if tool.description.trim().is_empty() {
        problems.push(Problem::NoDescription);
    }
    if tool.hints.read_only.is_none() {
        problems.push(Problem::NoHint);
    }
    if tool.icons.iter().any(|icon| !icon.is_loadable()) {
        problems.push(Problem::Icon);
    }
    if let Some(Err(error)) = tool.output_schema.clone().map(Schema::compile) {
        problems.push(Problem::OutputSchema(error.to_string()));
    }
    let arguments = tool.input_schema.get("properties").and_then(Value::as_object);
    for (name, argument) in arguments.into_iter().flatten() {
        if !is_described(argument, &tool.input_schema) {
            problems.push(Problem::ArgumentWithoutDescription(name.clone()));
        }
    }
    problems
}

/// Whether an argument says what it is, itself or in the definition that it refers to.
fn is_described(argument: &Value, schema: &Value) -> bool {
    let says = |schema: &Value| schema.get("description").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    let definition = argument.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    says(argument) || definition.and_then(|pointer| schema.pointer(pointer)).is_some_and(says)
}
