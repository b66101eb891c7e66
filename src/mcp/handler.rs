//! Plain async functions as tools: the types of their arguments and answers are their schemas.

use std::future::Future;
use std::pin::Pin;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::context::Context;
use super::schema_of;
use super::tool_result::{IntoToolResult, ToolError, ToolResult};

/// The answer of a handler, on its way.
pub type Answer = Pin<Box<dyn Future<Output = Result<ToolResult, ToolError>>>>;

/// An async function that can be a tool.
///
/// You should not have to implement this. Every `async fn(Args, Context)`, `async fn(Args)` and `async fn(Context)` is one
/// whose `Args` derive `Deserialize` and `JsonSchema` and which returns `Result<R, ToolError>` with an [`IntoToolResult`].
/// `Form` says which of the three it is; the compiler finds it.
pub trait Handler<H, Form>: 'static {
    /// The JSON Schema of the arguments.
    fn input_schema() -> Value;

    /// The JSON Schema of the structured answer, where there is one.
    fn output_schema() -> Option<Value>;

    /// Runs the function. `arguments` have passed the input schema.
    fn call(&self, arguments: Value, cx: Context<H>) -> Answer;
}

/// The form `async fn(Args, Context)`.
pub struct WithBoth<Args>(std::marker::PhantomData<Args>);
/// The form `async fn(Args)`.
pub struct WithArguments<Args>(std::marker::PhantomData<Args>);
/// The form `async fn(Context)`.
pub struct WithContext;

impl<H, F, Args, Fut, R> Handler<H, WithBoth<Args>> for F
where
    F: Fn(Args, Context<H>) -> Fut + 'static,
    Args: DeserializeOwned + JsonSchema,
    Fut: Future<Output = Result<R, ToolError>> + 'static,
    R: IntoToolResult,
{
    fn input_schema() -> Value {
        schema_of::<Args>()
    }

    fn output_schema() -> Option<Value> {
        R::output_schema()
    }

    fn call(&self, arguments: Value, cx: Context<H>) -> Answer {
        match read(arguments) {
            Ok(arguments) => answer(self(arguments, cx)),
            Err(error) => refuse(error),
        }
    }
}

impl<H, F, Args, Fut, R> Handler<H, WithArguments<Args>> for F
where
    F: Fn(Args) -> Fut + 'static,
    Args: DeserializeOwned + JsonSchema,
    Fut: Future<Output = Result<R, ToolError>> + 'static,
    R: IntoToolResult,
{
    fn input_schema() -> Value {
        schema_of::<Args>()
    }

    fn output_schema() -> Option<Value> {
        R::output_schema()
    }

    fn call(&self, arguments: Value, _cx: Context<H>) -> Answer {
        match read(arguments) {
            Ok(arguments) => answer(self(arguments)),
            Err(error) => refuse(error),
        }
    }
}

impl<H, F, Fut, R> Handler<H, WithContext> for F
where
    F: Fn(Context<H>) -> Fut + 'static,
    Fut: Future<Output = Result<R, ToolError>> + 'static,
    R: IntoToolResult,
{
    fn input_schema() -> Value {
        json!({ "type": "object", "additionalProperties": false })
    }

    fn output_schema() -> Option<Value> {
        R::output_schema()
    }

    fn call(&self, _arguments: Value, cx: Context<H>) -> Answer {
        answer(self(cx))
    }
}

fn answer<R: IntoToolResult>(work: impl Future<Output = Result<R, ToolError>> + 'static) -> Answer {
    Box::pin(async move { work.await?.into_tool_result() })
}

fn refuse(error: ToolError) -> Answer {
    Box::pin(std::future::ready(Err(error)))
}

fn read<Args: DeserializeOwned>(arguments: Value) -> Result<Args, ToolError> {
    serde_json::from_value(arguments).map_err(|error| {
        ToolError::new(format!("The arguments were not accepted: {}.", without_input(&error.to_string())))
    })
}

/// What serde expected, without the value it found.
fn without_input(message: &str) -> String {
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only read")]
    struct Age {
        age: u8,
        colour: Option<Colour>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Colour {
        Red,
    }

    #[test]
    fn what_the_client_sent_is_not_echoed() {
        for arguments in [json!({"age": "secret"}), json!({"age": 1, "colour": "secret"}), json!({"age": -7777})] {
            let text = format!("{:?}", read::<Age>(arguments).unwrap_err());
            assert!(text.contains("expected"), "{text}");
            assert!(!text.contains("secret") && !text.contains("7777"), "{text}");
        }
        assert!(format!("{:?}", read::<Age>(json!({})).unwrap_err()).contains("missing field `age`"));
    }
}
