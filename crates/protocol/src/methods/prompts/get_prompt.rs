//! `prompts/get` ("Getting a Prompt").

use std::rc::Rc;

use serde::Serialize;
use serde_json::Value;

use crate::author::registry::{Registry, ValidatedPrompt};
use crate::author::tools::tool_error::Unfinished;
use crate::author::visibility::visible::Visible;
use crate::call::around::CallKind;
use crate::call::surrounded::around;
use crate::client_requests::multi_round_trip::{InputResponseRequestParams, MultiRoundTrip, NamedRequestParams};
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::method::Method;
use crate::methods::need::Need;
use crate::methods::operation::Operation;
use crate::methods::params::take_text;
use crate::methods::request_context;
use crate::methods::request_context::RequestContext;
use crate::tool_schema::string_arguments::property;
use crate::transport::headers::McpName;
use crate::transport::response::Response;
use crate::types::result::ServerResult;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// The parameters of `prompts/get`.
pub(crate) struct GetPromptRequestParams<H> {
    /// `None` if it is not a string.
    name: Option<String>,
    /// The prompt of this name, if there is one.
    prompt: Option<Rc<ValidatedPrompt<H>>>,
    arguments: Option<Value>,
    input: InputResponseRequestParams,
}

impl<H: Host> Method<H> for GetPromptRequestParams<H> {
    const NAME: &'static str = "prompts/get";

    fn parse(mut params: Object, visible: Visible<'_, H>) -> Self {
        let name = take_text(&mut params, "name");
        let prompt = name.as_deref().and_then(|name| visible.prompt(name)).map(Rc::clone);
        Self {
            name,
            prompt,
            arguments: params.remove("arguments"),
            input: InputResponseRequestParams::take(&mut params),
        }
    }

    fn is_served(registry: &Registry<H>, _: ProtocolVersion) -> bool {
        !registry.prompts.is_empty()
    }

    fn need(&self, _: &Registry<H>) -> Need {
        self.prompt.as_ref().map_or(Need::Nothing, |prompt| prompt.access.need())
    }

    fn mcp_name(&self) -> Option<McpName<'_>> {
        Some(McpName { member: "name", value: self.name.as_deref() })
    }

    fn feature(&self) -> Option<&str> {
        self.prompt.as_ref().map(|prompt| prompt.feature.metadata.name.as_str())
    }

    fn multi_round_trip(&mut self) -> Result<Option<MultiRoundTrip>, RpcError> {
        let params = NamedRequestParams { arguments: self.arguments.as_ref(), name: self.name.as_deref() };
        self.input.multi_round_trip(<Self as Method<H>>::NAME, &params).map(Some)
    }

    fn admit(self, _: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
        if self.name.is_none() {
            return Err(RpcError::invalid_params("`name` must be a string: the name of a prompt."));
        }
        let prompt = self.prompt.ok_or_else(|| RpcError::invalid_params("There is no prompt of this name."))?;
        let texts = texts(self.arguments)
            .ok_or_else(|| RpcError::invalid_params("`arguments` must be an object of strings."))?;
        if texts.iter().any(|(name, _)| property(&prompt.feature.arguments, name).is_none()) {
            return Err(RpcError::invalid_params("`arguments` names something that the prompt has no argument for."));
        }
        let arguments = prompt.checked.read(texts).map_err(|violations| {
            RpcError::invalid_params(format!("The arguments do not fit the prompt.\n{violations}"))
        })?;
        Ok(Operation::request(async move |request| {
            let Some(hooks) = request.registry.hooks() else { return run(&prompt, arguments, &request).await };
            let name = prompt.feature.metadata.name.clone();
            let call = request.read_only_call(CallKind::Prompt, name, arguments.clone());
            let inner = Rc::clone(&request);
            let work = async move { run(&prompt, arguments, &inner).await };
            let answer = Box::pin(around(hooks, call, work, request_context::outcome)).await;
            answer.unwrap_or_else(|error| Err(error.unfinished(request.version())))
        }))
    }
}

async fn run<H: Host>(
    prompt: &ValidatedPrompt<H>,
    arguments: Value,
    request: &RequestContext<H>,
) -> Result<Response, Unfinished> {
    let version = request.version();
    match prompt.feature.fill(arguments, request.handler_context()).await {
        Ok(messages) => Ok(request.result(GetPromptResult {
            description: &prompt.feature.metadata.description,
            messages: messages.iter().map(|message| message.known_to(version)).collect(),
        })),
        Err(error) => Err(error.unfinished(version)),
    }
}

/// Reads the arguments of a prompt, which are strings. A string may represent a number or a boolean.
fn texts(arguments: Option<Value>) -> Option<Vec<(String, String)>> {
    let text = |value| if let Value::String(text) = value { Some(text) } else { None };
    match arguments {
        None => Some(Vec::new()),
        Some(Value::Object(arguments)) => {
            arguments.into_iter().map(|(name, value)| Some((name, text(value)?))).collect()
        }
        Some(_) => None,
    }
}

/// The result of `prompts/get`.
#[derive(Serialize)]
struct GetPromptResult<'a, M> {
    description: &'a str,
    messages: Vec<M>,
}

impl<M: Serialize> ServerResult for GetPromptResult<'_, M> {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_are_an_object_of_strings() {
        assert_eq!(texts(None), Some(vec![]));
        assert_eq!(texts(Some(json!({"a": "b"}))), Some(vec![("a".to_owned(), "b".to_owned())]));
        for wrong in [json!(null), json!([]), json!("a"), json!({"a": 1}), json!({"a": null})] {
            assert_eq!(texts(Some(wrong.clone())), None, "{wrong}");
        }
    }
}
