//! `completion/complete`: suggestions while a person types an argument ("Completion").

use std::rc::Rc;

use serde_json::{Value, json};

use crate::author::completers::{Completer, Partial};
use crate::author::registry::{Registry, ValidatedPrompt, ValidatedTemplate};
use crate::author::tool_error::Unfinished;
use crate::call::context::Context;
use crate::json_rpc::rpc_error::RpcError;
use crate::transport::host::Host;
use crate::types::result::Members;
use mcp_connector_base::json::Object;
use mcp_connector_base::scope::ScopeSet;

/// Longest text that is completed, in bytes.
const MAX_VALUE: usize = 1024;

/// The prompt or the template whose argument is completed. A caller who may not use it may not have suggestions either.
pub(crate) enum Completed<H> {
    Prompt(Rc<ValidatedPrompt<H>>),
    Template(Rc<ValidatedTemplate<H>>),
}

impl<H: 'static> Completed<H> {
    /// Returns what a `ref` names.
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
            Self::Prompt(prompt) => prompt.feature.completers.get(name),
            Self::Template(template) => template.feature.completers.get(name),
        }
    }
}

/// A request for suggestions. An argument that does not exist has none.
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
        let values = match self.of.completer(&self.argument) {
            Some(suggest) => suggest(self.partial, cx).await.map_err(|error| error.unfinished(version))?,
            None => Vec::new(),
        };
        Ok(Members::new(vec![("completion", completion(values))]))
    }
}

/// Returns the other arguments, or `None` if they have a wrong form.
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
    fn the_context_holds_strings() {
        let arguments = |context: Value| context_arguments(json!({ "context": context }).as_object().unwrap());
        assert_eq!(arguments(json!({"arguments": {"a": "b"}})), Some(vec![("a".to_owned(), "b".to_owned())]));
        assert_eq!(arguments(json!({})), Some(Vec::new()));
        for wrong in [json!([]), json!({"arguments": {"a": 1}})] {
            assert_eq!(arguments(wrong.clone()), None, "{wrong}");
        }
    }
}
