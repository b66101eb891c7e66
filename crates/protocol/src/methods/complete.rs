//! `completion/complete`: suggestions while a person types an argument ("Completion").

use std::rc::Rc;

use serde::Serialize;
use serde_json::Value;

use crate::author::completers::{Completer, Partial};
use crate::author::registry::{Registry, ValidatedPrompt, ValidatedTemplate};
use crate::author::tools::tool_error::Unfinished;
use crate::author::visibility::audience::Access;
use crate::author::visibility::visible::Visible;
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::method::Method;
use crate::methods::need::Need;
use crate::methods::operation::Operation;
use crate::methods::params::take_text;
use crate::methods::request_context::RequestContext;
use crate::transport::response::Response;
use crate::types::result::ServerResult;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// Longest text that is completed, in bytes.
const MAX_VALUE: usize = 1024;

/// The parameters of `completion/complete`.
pub(crate) struct CompleteRequestParams<H> {
    /// Whether `ref` is an object.
    has_reference: bool,
    /// What `ref` names, if the connector has it.
    completed: Option<Completed<H>>,
    argument: Option<Value>,
    context: Option<Value>,
}

/// The prompt or the template whose argument is completed. A caller who may not use it gets no suggestions either.
enum Completed<H> {
    Prompt(Rc<ValidatedPrompt<H>>),
    Template(Rc<ValidatedTemplate<H>>),
}

impl<H: 'static> Completed<H> {
    /// Returns what a `ref` names.
    fn find(reference: &Value, visible: Visible<'_, H>) -> Option<Self> {
        let text = |member: &str| reference.get(member).and_then(Value::as_str);
        match text("type")? {
            "ref/prompt" => visible.prompt(text("name")?).map(|prompt| Self::Prompt(Rc::clone(prompt))),
            "ref/resource" => visible.template(text("uri")?).map(|template| Self::Template(Rc::clone(template))),
            _ => None,
        }
    }

    fn access(&self) -> &Access {
        match self {
            Self::Prompt(prompt) => &prompt.access,
            Self::Template(template) => &template.access,
        }
    }

    fn completer(&self, name: &str) -> Option<&Completer<H>> {
        match self {
            Self::Prompt(prompt) => prompt.feature.completers.get(name),
            Self::Template(template) => template.feature.completers.get(name),
        }
    }
}

impl<H: Host> Method<H> for CompleteRequestParams<H> {
    const NAME: &'static str = "completion/complete";

    fn parse(mut params: Object, visible: Visible<'_, H>) -> Self {
        let reference = params.get("ref").filter(|reference| reference.is_object());
        Self {
            has_reference: reference.is_some(),
            completed: reference.and_then(|reference| Completed::find(reference, visible)),
            argument: params.remove("argument"),
            context: params.remove("context"),
        }
    }

    fn is_served(registry: &Registry<H>, _: ProtocolVersion) -> bool {
        registry.has_completions()
    }

    fn need(&self, _: &Registry<H>) -> Need {
        self.completed.as_ref().map_or(Need::Nothing, |completed| completed.access().need())
    }

    fn admit(self, _: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        if !self.has_reference {
            return Err(RpcError::invalid_params("`ref` must be an object."));
        }
        let completed = self.completed.ok_or_else(|| {
            RpcError::invalid_params("`ref` must name a prompt (`ref/prompt`) or a resource template (`ref/resource`).")
        })?;
        let mut argument = match self.argument {
            Some(Value::Object(argument)) => argument,
            _ => Object::new(),
        };
        let (Some(name), Some(value)) = (take_text(&mut argument, "name"), take_text(&mut argument, "value")) else {
            return Err(RpcError::invalid_params("`argument` must have a `name` and a `value`, both strings."));
        };
        if value.len() > MAX_VALUE {
            return Err(RpcError::invalid_params("`argument.value` is longer than 1024 bytes."));
        }
        let others = context_arguments(self.context.as_ref())
            .ok_or_else(|| RpcError::invalid_params("`context.arguments` must be an object of strings."))?;
        let partial = Partial { value, arguments: others };
        Ok(Operation::request(async move |request| run(&completed, &name, partial, &request).await))
    }
}

async fn run<H: Host>(
    completed: &Completed<H>,
    argument: &str,
    partial: Partial,
    request: &RequestContext<H>,
) -> Result<Response, Unfinished> {
    let values = match completed.completer(argument) {
        Some(suggest) => {
            suggest(partial, request.handler_context()).await.map_err(|error| error.unfinished(request.version()))?
        }
        // An argument without a completer has no suggestions.
        None => Vec::new(),
    };
    Ok(request.result(CompleteResult { completion: Completion::of(values) }))
}

/// Reads the other arguments; `None` where they have a wrong form.
fn context_arguments(context: Option<&Value>) -> Option<Vec<(String, String)>> {
    let Some(context) = context else { return Some(Vec::new()) };
    let Some(arguments) = context.as_object()?.get("arguments") else { return Some(Vec::new()) };
    arguments.as_object()?.iter().map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

/// The result of `completion/complete`.
#[derive(Serialize)]
struct CompleteResult {
    completion: Completion,
}

impl ServerResult for CompleteResult {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Completion {
    values: Vec<String>,
    total: usize,
    has_more: bool,
}

impl Completion {
    fn of(mut values: Vec<String>) -> Self {
        let total = values.len();
        values.truncate(Partial::MAX_VALUES);
        Self { values, total, has_more: total > Partial::MAX_VALUES }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn at_most_a_hundred_values_are_sent() {
        let numbers = |count: usize| (0..count).map(|number| number.to_string()).collect();
        let few = Completion::of(numbers(100));
        assert_eq!((few.values.len(), few.total, few.has_more), (100, 100, false));
        let many = Completion::of(numbers(101));
        assert_eq!((many.values.len(), many.total, many.has_more), (100, 101, true));
    }

    #[test]
    fn the_context_holds_texts() {
        let arguments = |context: Value| context_arguments(Some(&context));
        assert_eq!(arguments(json!({"arguments": {"a": "b"}})), Some(vec![("a".to_owned(), "b".to_owned())]));
        assert_eq!(arguments(json!({})), Some(Vec::new()));
        for wrong in [json!([]), json!({"arguments": {"a": 1}})] {
            assert_eq!(arguments(wrong.clone()), None, "{wrong}");
        }
    }
}
