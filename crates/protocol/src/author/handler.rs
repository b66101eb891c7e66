//! Plain async functions as tools, resources and prompts: the types of their arguments and answers say the rest.

use std::future::Future;
use std::pin::Pin;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::author::tool_result::ToolError;
use crate::call::context::Context;
use crate::tool_schema::schema_of::schema_of;

/// The answer of a handler, on its way.
pub type Answer<R> = Pin<Box<dyn Future<Output = Result<R, ToolError>>>>;

/// An async function that can be a tool, read a resource, or fill a prompt.
///
/// You should not have to implement this. Every `async fn(Args, Context)`, `async fn(Args)` and `async fn(Context)` is one
/// whose `Args` derive `Deserialize` and `JsonSchema` and which returns a `Result<R, ToolError>`.
/// `Form` says which of the three it is; the compiler finds it.
pub trait Handler<H, Form>: 'static {
    /// What the function gives.
    type Output;

    /// The JSON Schema of the arguments.
    fn input_schema() -> Value;

    /// Runs the function. `arguments` have passed the input schema.
    fn call(&self, arguments: Value, cx: Context<H>)
    -> impl Future<Output = Result<Self::Output, ToolError>> + 'static;
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
    R: 'static,
{
    type Output = R;

    fn input_schema() -> Value {
        schema_of::<Args>()
    }

    fn call(&self, arguments: Value, cx: Context<H>) -> impl Future<Output = Result<R, ToolError>> + 'static {
        let work = read(arguments).map(|arguments| self(arguments, cx));
        async move { work?.await }
    }
}

impl<H, F, Args, Fut, R> Handler<H, WithArguments<Args>> for F
where
    F: Fn(Args) -> Fut + 'static,
    Args: DeserializeOwned + JsonSchema,
    Fut: Future<Output = Result<R, ToolError>> + 'static,
    R: 'static,
{
    type Output = R;

    fn input_schema() -> Value {
        schema_of::<Args>()
    }

    fn call(&self, arguments: Value, _cx: Context<H>) -> impl Future<Output = Result<R, ToolError>> + 'static {
        let work = read(arguments).map(self);
        async move { work?.await }
    }
}

impl<H, F, Fut, R> Handler<H, WithContext> for F
where
    F: Fn(Context<H>) -> Fut + 'static,
    Fut: Future<Output = Result<R, ToolError>> + 'static,
    R: 'static,
{
    type Output = R;

    fn input_schema() -> Value {
        json!({ "type": "object", "additionalProperties": false })
    }

    fn call(&self, _arguments: Value, cx: Context<H>) -> impl Future<Output = Result<R, ToolError>> + 'static {
        self(cx)
    }
}

fn read<Args: DeserializeOwned>(arguments: Value) -> Result<Args, ToolError> {
    serde_json::from_value(arguments).map_err(|error| {
        ToolError::arguments(format!("The arguments were not accepted: {}.", without_input(&error.to_string())))
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
