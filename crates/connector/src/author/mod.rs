//! The types with which an author declares a connector, for Workers.

mod bindings;
pub(crate) mod call;
pub(crate) mod context;
pub(crate) mod event_context;

use crate::host::Workers;

pub use call::Call;
pub use context::Context;
pub use event_context::EventContext;

/// The rest of a call, for a function given to [`Connector::around`]: the other functions, and the handler.
///
/// ```
/// use mcp_connector::{Call, CallOutcome, Next, ToolError, worker};
///
/// async fn time(call: Call, next: Next) -> Result<CallOutcome, ToolError> {
///     let began = worker::Date::now().as_millis();
///     let outcome = next.run().await;
///     let took = worker::Date::now().as_millis().saturating_sub(began);
///     worker::console_log!("{} took {took} ms", call.name());
///     Ok(outcome)
/// }
/// ```
pub type Next = mcp_connector_protocol::Next<Workers>;

/// What a connector offers, as its author declares it: its name, the words of its pages, and its tools, resources, prompts,
/// views and skills.
///
/// ```
/// use mcp_connector::{Connector, Icon, Scope};
///
/// const PROFILE: Scope = Scope::new("profile", "See who you are");
///
/// fn connector() -> Connector {
///     Connector::new("notes", env!("CARGO_PKG_VERSION"))
///         // For people: on the pages of this Worker, and in clients.
///         .title("Notes")
///         .description("Keeps short notes for the person who signs in.")
///         .icon(Icon::svg("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><path d='M0 0h1v1z'/></svg>"))
///         .accent_color("#0a7")
///         .operated_by("Ada Lovelace")
///         .operator_url("https://ada.example")
///         // For models.
///         .instructions("Call list_notes before you delete a note: it gives the ids.")
///         // What a first sign-in asks for.
///         .sign_in([PROFILE])
/// }
///
/// assert_eq!(connector().check(), []);
/// ```
pub type Connector = mcp_connector_protocol::Connector<Workers>;

/// A tool: its name, its description for the model, and the function behind it.
///
/// Besides that, a tool has a title, and says what it does to the world: [`read_only`](Tool::read_only),
/// [`additive`](Tool::additive) or [`destructive`](Tool::destructive).
///
/// ```
/// use mcp_connector::{Connector, Tool, ToolError};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Roll {
///     /// How many sides the die has.
///     #[schemars(range(min = 2, max = 100))]
///     sides: u32,
/// }
///
/// async fn roll(args: Roll) -> Result<String, ToolError> {
///     Ok(format!("One of {}.", args.sides))
/// }
///
/// let connector = Connector::new("dice", "1.0.0")
///     .tool(Tool::new("roll", "Roll a die.", roll).title("Roll").read_only());
/// assert_eq!(connector.check(), []);
/// ```
pub type Tool = mcp_connector_protocol::Tool<Workers>;

/// A prompt: messages that a person asks for by name.
///
/// ```
/// use mcp_connector::{Connector, Prompt, ToolError};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Review {
///     /// The code to review.
///     code: String,
/// }
///
/// async fn review(args: Review) -> Result<String, ToolError> {
///     Ok(format!("Review this code:\n\n{}", args.code))
/// }
///
/// let connector = Connector::new("reviews", "1.0.0")
///     .prompt(Prompt::new("review", "Review some code.", review).title("Review code"));
/// assert_eq!(connector.check(), []);
/// ```
pub type Prompt = mcp_connector_protocol::Prompt<Workers>;

/// A resource at a fixed URI.
///
/// ```
/// use mcp_connector::{Connector, Context, Resource, ToolError};
///
/// async fn terms(_cx: Context) -> Result<&'static str, ToolError> {
///     Ok("Be kind.")
/// }
///
/// let terms = Resource::new("terms://current", "terms", "The terms of use.", terms).title("Terms");
/// assert_eq!(Connector::new("notes", "1.0.0").resource(terms).check(), []);
/// ```
pub type Resource = mcp_connector_protocol::Resource<Workers>;

/// Resources at the URIs of a template. The handler's arguments have a field for each variable.
///
/// ```
/// use mcp_connector::{Connector, ResourceTemplate, ToolError};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct City {
///     /// The name of the city.
///     city: String,
/// }
///
/// async fn weather(args: City) -> Result<Option<String>, ToolError> {
///     Ok((args.city == "paris").then(|| "Rain.".to_owned()))
/// }
///
/// let weather = ResourceTemplate::new("weather://{city}", "weather", "The weather in a city.", weather).title("Weather");
/// assert_eq!(Connector::new("weather", "1.0.0").template(weather).check(), []);
/// ```
pub type ResourceTemplate = mcp_connector_protocol::ResourceTemplate<Workers>;

/// A service that tools use in the name of each person, with the account that they have there.
///
/// ```
/// use mcp_connector::{Connector, Context, Scope, Tool, ToolError, Upstream};
///
/// const ISSUES: Scope = Scope::new("issues", "Read your issues");
///
/// async fn my_issues(cx: Context) -> Result<String, ToolError> {
///     let github = cx.upstream("github").await?;
///     Ok(github.get("https://api.github.com/issues").text().await?)
/// }
///
/// fn connector() -> Connector {
///     let (authorize, token) = ("https://github.com/login/oauth/authorize", "https://github.com/login/oauth/access_token");
///     let github = Upstream::oauth("github", authorize, token)
///         .title("GitHub")
///         .scopes(["repo"])
///         .client("GITHUB_ID", "GITHUB_SECRET")
///         .hosts(["api.github.com"]);
///     Connector::new("issues", "1.0.0")
///         .sign_in([ISSUES])
///         .upstream(github)
///         .tool(Tool::new("my_issues", "Lists your issues.", my_issues).title("My issues").scope(ISSUES).read_only())
/// }
///
/// assert_eq!(connector().check(), []);
/// ```
pub type Upstream = mcp_connector_protocol::Upstream<Workers>;
