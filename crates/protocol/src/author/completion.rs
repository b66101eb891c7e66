//! Suggestions while a person types an argument: `completion/complete` ("Completion").

use std::future::Future;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::author::handler::Answer;
use crate::author::registry::{Registry, ValidatedPrompt, ValidatedTemplate};
use crate::author::tool_result::{ToolError, Unfinished};
use crate::call::context::Context;
use crate::json_rpc::message::RpcError;
use crate::transport::host::Host;
use crate::types::result::Members;
use mcp_connector_base::json::Object;
use mcp_connector_base::scope::ScopeSet;

/// Longest text that is completed, in bytes.
const MAX_VALUE: usize = 1024;

/// What a person has typed so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partial {
    /// The beginning of the argument; empty at first.
    pub value: String,
    arguments: Vec<(String, String)>,
}

impl Partial {
    /// Maximum number of values in one answer ("Completion", `values`).
    pub const MAX_VALUES: usize = 100;

    /// Another argument, if the client says it.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<&str> {
        self.arguments.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Those of `candidates` that begin with what was typed. A to Z may be in upper or lower case; the letters of all languages
    /// would be a table of six kilobytes.
    pub fn matching<C: Into<String>>(&self, candidates: impl IntoIterator<Item = C>) -> Vec<String> {
        candidates.into_iter().map(C::into).filter(|candidate| begins(candidate, &self.value)).collect()
    }
}

fn begins(text: &str, beginning: &str) -> bool {
    text.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning))
}

/// The functions that suggest values, each for one argument.
pub(crate) struct Completers<H>(Vec<(String, Completer<H>)>);

type Completer<H> = Box<dyn Fn(Partial, Context<H>) -> Answer<Vec<String>>>;

impl<H> Completers<H> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn add<F, Fut>(&mut self, argument: impl Into<String>, suggest: F)
    where
        F: Fn(Partial, Context<H>) -> Fut + 'static,
        Fut: Future<Output = Result<Vec<String>, ToolError>> + 'static,
    {
        self.0.push((argument.into(), Box::new(move |partial, cx| Box::pin(suggest(partial, cx)))));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The arguments that have one.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    fn of(&self, argument: &str) -> Option<&Completer<H>> {
        self.0.iter().find(|(name, _)| name == argument).map(|(_, completer)| completer)
    }
}

/// Whose argument is completed. Who may not use it may not have suggestions either.
pub(crate) enum Completed<H> {
    Prompt(Rc<ValidatedPrompt<H>>),
    Template(Rc<ValidatedTemplate<H>>),
}

impl<H: 'static> Completed<H> {
    /// What a `ref` names.
    pub(crate) fn find(reference: &Value, registry: &Registry<H>) -> Option<Self> {
        let text = |member: &str| reference.get(member).and_then(Value::as_str);
        match text("type")? {
            "ref/prompt" => registry.prompt(text("name")?).map(|prompt| Self::Prompt(Rc::clone(prompt))),
            "ref/resource" => registry.template(text("uri")?).map(|template| Self::Template(Rc::clone(template))),
            _ => None,
        }
    }

    pub(crate) fn required(&self) -> &ScopeSet {
        match self {
            Self::Prompt(prompt) => &prompt.required,
            Self::Template(template) => &template.required,
        }
    }

    fn completer(&self, name: &str) -> Option<&Completer<H>> {
        match self {
            Self::Prompt(prompt) => prompt.part.completers.of(name),
            Self::Template(template) => template.part.completers.of(name),
        }
    }
}

/// A request for suggestions to an argument. One that there is not has none.
pub(crate) struct Complete<H> {
    of: Completed<H>,
    argument: String,
    partial: Partial,
}

impl<H: Host> Complete<H> {
    pub(crate) fn parse(params: &Object, registry: &Registry<H>) -> Result<Self, RpcError> {
        let reference = params.get("ref").filter(|reference| reference.is_object());
        let reference = reference.ok_or_else(|| RpcError::invalid_params("`ref` must be an object."))?;
        let of = Completed::find(reference, registry).ok_or_else(|| {
            RpcError::invalid_params("`ref` must name a prompt (`ref/prompt`) or a resource template (`ref/resource`).")
        })?;
        let text = |member: &str| params.get("argument")?.get(member)?.as_str().map(str::to_owned);
        let (Some(argument), Some(value)) = (text("name"), text("value")) else {
            return Err(RpcError::invalid_params("`argument` must have a `name` and a `value`, both strings."));
        };
        if value.len() > MAX_VALUE {
            return Err(RpcError::invalid_params("`argument.value` is longer than 1024 bytes."));
        }
        let arguments = context_arguments(params)
            .ok_or_else(|| RpcError::invalid_params("`context.arguments` must be an object of strings."))?;
        Ok(Self { of, argument, partial: Partial { value, arguments } })
    }

    pub(crate) async fn run(self, cx: Context<H>) -> Result<Members, Unfinished> {
        let version = cx.protocol_version();
        let suggested = match self.of.completer(&self.argument) {
            Some(suggest) => suggest(self.partial, cx).await.map_err(|error| error.unfinished(version))?,
            None => Vec::new(),
        };
        Ok(Members::new(vec![("completion", completion(suggested))]))
    }
}

/// The other arguments; none where they have a wrong form.
fn context_arguments(params: &Object) -> Option<Vec<(String, String)>> {
    let Some(context) = params.get("context") else { return Some(Vec::new()) };
    let Some(arguments) = context.as_object()?.get("arguments") else { return Some(Vec::new()) };
    arguments.as_object()?.iter().map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

fn completion(mut values: Vec<String>) -> Value {
    let total = values.len();
    values.truncate(Partial::MAX_VALUES);
    json!({ "values": values, "total": total, "hasMore": total > Partial::MAX_VALUES })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_a_hundred_values_are_sent() {
        let numbers = |count: usize| (0..count).map(|number| number.to_string()).collect();
        let few = completion(numbers(100));
        assert_eq!((few["total"].clone(), few["hasMore"].clone()), (json!(100), json!(false)));
        let many = completion(numbers(101));
        assert_eq!(many["values"].as_array().unwrap().len(), 100);
        assert_eq!((many["total"].clone(), many["hasMore"].clone()), (json!(101), json!(true)));
    }

    #[test]
    fn suggestions_begin_with_what_was_typed() {
        let partial = Partial { value: "PAR".to_owned(), ..Partial::default() };
        assert_eq!(partial.matching(["paris", "Park", "rome"]), ["paris", "Park"]);
        assert_eq!(Partial::default().matching(["a"]), ["a"]);
        let partial = Partial { value: "zü".to_owned(), ..Partial::default() };
        assert_eq!(
            partial.matching(["Zürich", "z", "z€", "ZÜRICH"]),
            ["Zürich"],
            "letters beyond A to Z are taken as they are"
        );
    }

    #[test]
    fn the_context_holds_texts() {
        let arguments = |context: Value| context_arguments(json!({ "context": context }).as_object().unwrap());
        assert_eq!(arguments(json!({"arguments": {"a": "b"}})), Some(vec![("a".to_owned(), "b".to_owned())]));
        assert_eq!(arguments(json!({})), Some(Vec::new()));
        for wrong in [json!([]), json!({"arguments": {"a": 1}})] {
            assert_eq!(arguments(wrong.clone()), None, "{wrong}");
        }
    }
}
