//! Values that a handler returns as JSON ("Structured Content").

/// A value that a handler returns as JSON.
///
/// From a tool it becomes `structuredContent`, the same JSON as text for clients that read only that, and an `outputSchema`
/// derived from `T` ("Structured Content", "Output Schema"). From a resource it becomes text of the type `application/json`.
///
/// A field that is an `Option` and `None` is left out, and the schema says that it may be absent: clients refuse `null` among
/// the types of a value. What a `serde_json::Value` holds stays as it is. Revisions before 2026-07-28 get `structuredContent`
/// only where the value is an object.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Json, ToolError};
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Deserialize, JsonSchema)]
/// struct City {
///     /// The name of a city.
///     name: String,
/// }
///
/// #[derive(Serialize, JsonSchema)]
/// struct Weather {
///     /// Degrees Celsius.
///     temperature: f64,
///     warning: Option<String>,
/// }
///
/// async fn weather(city: City) -> Result<Json<Weather>, ToolError> {
///     let warning = (city.name == "Reykjavík").then(|| "Storm".to_owned());
///     Ok(Json(Weather { temperature: 4.5, warning }))
/// }
/// ```
pub struct Json<T>(pub T);
