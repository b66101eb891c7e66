//! Plain async functions as tools, prompts and resources.
//!
//! A handler is described by three traits, one for each thing that an author can get wrong: [`Handler`] for the number of
//! parameters, [`HandlerArguments`] and [`HandlerContext`] for their types, [`HandlerOutput`] for what the function returns.
//! Each has its own message of the compiler.

use std::future::{Future, ready};
use std::pin::Pin;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use mcp_connector_base::json::mismatch::without_input;

use crate::author::tools::tool_error::ToolError;
use crate::call::context::Context;
use crate::tool_schema::schema_of::schema_of;

/// The boxed future of a handler.
pub(crate) type HandlerFuture<R> = Pin<Box<dyn Future<Output = Result<R, ToolError>>>>;

/// An async function that carries out a tool, fills in a prompt or reads a resource.
///
/// You should not have to implement this trait. It is implemented for every function of one of these forms, where `Args`
/// derives `Deserialize` and `JsonSchema`:
///
/// - `async fn(Args, Context) -> Result<R, ToolError>`
/// - `async fn(Args) -> Result<R, ToolError>`
/// - `async fn(Context) -> Result<R, ToolError>`
///
/// `R` is what the feature takes: [`IntoToolResult`](crate::author::tools::into_tool_result::IntoToolResult),
/// [`IntoMessages`](crate::author::prompts::into_messages::IntoMessages) or
/// [`IntoResourceContents`](crate::author::resources::into_resource_contents::IntoResourceContents). The compiler finds `Form`.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Context, Tool, ToolError};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Roll {
///     /// Number of sides of the die.
///     sides: u32,
/// }
///
/// async fn roll(args: Roll, cx: Context) -> Result<String, ToolError> {
///     cx.progress(1.0, 1.0).await;
///     Ok(format!("A {}.", args.sides.min(4)))
/// }
///
/// let tool = Tool::new("roll", "Rolls a die.", roll).title("Roll").read_only();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "not a handler",
    note = "a handler is an `async fn` with one or two parameters: the arguments, the `Context`, or both in this order"
)]
pub trait Handler<Form>: 'static {
    /// The first parameter.
    type Arguments;

    /// The second parameter.
    type Context;

    /// What the function returns.
    type Output;

    /// Calls the function.
    fn call(&self, arguments: Self::Arguments, cx: Self::Context) -> Self::Output;
}

impl<F, Args, Cx, Output> Handler<(Args, Cx)> for F
where
    F: Fn(Args, Cx) -> Output + 'static,
{
    type Arguments = Args;
    type Context = Cx;
    type Output = Output;

    fn call(&self, arguments: Args, cx: Cx) -> Output {
        self(arguments, cx)
    }
}

impl<F, Args, Output> Handler<(Args,)> for F
where
    F: Fn(Args) -> Output + 'static,
{
    type Arguments = Args;
    type Context = NoContext;
    type Output = Output;

    fn call(&self, arguments: Args, _cx: NoContext) -> Output {
        self(arguments)
    }
}

/// The first parameter of a handler: a type that derives `Deserialize` and `JsonSchema`, or the context alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the arguments of a handler",
    label = "the first parameter of this handler is `{Self}`",
    note = "derive `Deserialize` and `JsonSchema` for `{Self}`: clients get its schema and send values of it",
    note = "the arguments are the first parameter, and the `Context` is the last"
)]
pub trait HandlerArguments<H>: Sized {
    /// Returns the JSON Schema of the arguments.
    fn input_schema() -> Value;

    /// Reads the arguments, which have passed the schema.
    ///
    /// # Errors
    ///
    /// Fails where the type takes less than its schema says. The error does not repeat the arguments.
    fn read(arguments: Value, cx: &Context<H>) -> Result<Self, ToolError>;
}

#[diagnostic::do_not_recommend]
impl<H, T: DeserializeOwned + JsonSchema> HandlerArguments<H> for T {
    fn input_schema() -> Value {
        schema_of::<T>()
    }

    fn read(arguments: Value, _cx: &Context<H>) -> Result<Self, ToolError> {
        read_arguments(arguments)
    }
}

impl<H: Clone> HandlerArguments<H> for Context<H> {
    fn input_schema() -> Value {
        json!({ "type": "object", "additionalProperties": false })
    }

    fn read(_arguments: Value, cx: &Context<H>) -> Result<Self, ToolError> {
        Ok(cx.clone())
    }
}

/// The second parameter of a handler: the context.
#[diagnostic::on_unimplemented(
    message = "the second parameter of a handler is the `Context`, not `{Self}`",
    label = "the second parameter of this handler is `{Self}`",
    note = "the arguments are the first parameter, and the `Context` is the last: `async fn(args: Args, cx: Context)`"
)]
pub trait HandlerContext<H> {
    /// Returns the context as this type.
    fn of(cx: Context<H>) -> Self;
}

impl<H> HandlerContext<H> for Context<H> {
    fn of(cx: Self) -> Self {
        cx
    }
}

/// The second parameter of a handler that has only one.
pub struct NoContext;

impl<H> HandlerContext<H> for NoContext {
    fn of(_cx: Context<H>) -> Self {
        Self
    }
}

/// What a handler returns: the future of a `Result<R, ToolError>`.
#[diagnostic::on_unimplemented(
    message = "a handler is an `async fn` that returns a `Result<_, ToolError>`",
    label = "this function returns `{Self}`",
    note = "write `async fn`, and return `Result<_, ToolError>`; every error becomes a `ToolError` by `?`"
)]
pub trait HandlerOutput: 'static {
    /// What it returns if it succeeds.
    type Success: 'static;

    /// Starts the work.
    ///
    /// # Errors
    ///
    /// Resolves to the error that the handler returns.
    fn into_future(self) -> impl Future<Output = Result<Self::Success, ToolError>> + 'static;
}

#[diagnostic::do_not_recommend]
impl<R: 'static, F: Future<Output = Result<R, ToolError>> + 'static> HandlerOutput for F {
    type Success = R;

    fn into_future(self) -> impl Future<Output = Result<R, ToolError>> + 'static {
        self
    }
}

/// Calls `handler` with arguments that have passed its input schema.
pub(crate) fn call<H, Form, F>(
    handler: &F,
    arguments: Value,
    cx: Context<H>,
) -> HandlerFuture<<F::Output as HandlerOutput>::Success>
where
    F: Handler<Form, Arguments: HandlerArguments<H>, Context: HandlerContext<H>, Output: HandlerOutput>,
{
    let arguments = match F::Arguments::read(arguments, &cx) {
        Ok(arguments) => arguments,
        Err(error) => return Box::pin(ready(Err(error))),
    };
    Box::pin(handler.call(arguments, F::Context::of(cx)).into_future())
}

/// Returns the JSON Schema of the arguments of `handler`.
pub(crate) fn input_schema<H, Form, F: Handler<Form, Arguments: HandlerArguments<H>>>(_handler: &F) -> Value {
    F::Arguments::input_schema()
}

fn read_arguments<T: DeserializeOwned>(arguments: Value) -> Result<T, ToolError> {
    serde_json::from_value(arguments)
        .map_err(|error| ToolError::arguments(format!("The arguments were not accepted: {}.", without_input(&error))))
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
    fn an_error_does_not_repeat_what_the_client_sent() {
        for arguments in [json!({"age": "secret"}), json!({"age": 1, "colour": "secret"}), json!({"age": -7777})] {
            let text = format!("{:?}", read_arguments::<Age>(arguments).unwrap_err());
            assert!(text.contains("expected"), "{text}");
            assert!(!text.contains("secret") && !text.contains("7777"), "{text}");
        }
        assert!(format!("{:?}", read_arguments::<Age>(json!({})).unwrap_err()).contains("missing field `age`"));
    }
}
