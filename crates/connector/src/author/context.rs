//! What a handler gets beside its arguments.

use std::ops::Deref;

use mcp_connector_protocol::{HandlerArguments, HandlerContext, ToolError};

use crate::host::Workers;

/// The context of the protocol, on Workers.
type ProtocolContext = mcp_connector_protocol::Context<Workers>;

/// The call that a handler serves: who is calling, the bindings of the Worker, and the way back to the client.
///
/// A handler that takes a `Context` takes it last. Cloning it costs nothing.
///
/// ```
/// use mcp_connector::{Context, ToolError};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize)]
/// struct Query<'a> {
///     city: &'a str,
/// }
///
/// #[derive(Deserialize)]
/// struct Forecast {
///     celsius: f64,
/// }
///
/// async fn forecast(city: String, cx: Context) -> Result<String, ToolError> {
///     cx.progress(1.0, 2.0).await;
///     let request = cx.http().get("https://api.weather.example/forecast").query(&Query { city: &city });
///     let Forecast { celsius } = request.json().await?;
///     Ok(format!("{celsius} °C"))
/// }
/// ```
#[derive(Clone)]
pub struct Context(ProtocolContext);

impl Deref for Context {
    type Target = ProtocolContext;

    fn deref(&self) -> &ProtocolContext {
        &self.0
    }
}

impl From<ProtocolContext> for Context {
    fn from(context: ProtocolContext) -> Self {
        Self(context)
    }
}

impl HandlerContext<Workers> for Context {
    fn of(cx: ProtocolContext) -> Self {
        Self(cx)
    }
}

impl HandlerArguments<Workers> for Context {
    fn input_schema() -> serde_json::Value {
        <ProtocolContext as HandlerArguments<Workers>>::input_schema()
    }

    fn read(_arguments: serde_json::Value, cx: &ProtocolContext) -> Result<Self, ToolError> {
        Ok(Self(cx.clone()))
    }
}
