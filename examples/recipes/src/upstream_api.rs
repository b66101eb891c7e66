//! Calling an API of somebody else with a secret of yours.

use mcp_connector::worker::js_sys::encode_uri_component;
use mcp_connector::worker::{Fetch, Headers, Request, RequestInit, RequestRedirect};
use mcp_connector::{Connector, Context, Tool, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Place {
    /// Name of the city.
    #[schemars(length(min = 1, max = 100))]
    city: String,
}

/// What the API answers, as far as we use it.
#[derive(Deserialize)]
struct Weather {
    celsius: f64,
    sky: String,
}

async fn weather(args: Place, cx: Context) -> Result<String, ToolError> {
    let api = cx.env().var("WEATHER_API")?;
    let key = cx.env().secret("WEATHER_API_KEY")?;

    let headers = Headers::new();
    headers.set("authorization", &format!("Bearer {key}"))?;
    let mut how = RequestInit::new();
    // The key goes to this host and nowhere else.
    how.with_headers(headers).with_redirect(RequestRedirect::Manual);
    let url = format!("{api}/weather?city={}", encode_uri_component(&args.city));
    let mut answer = Fetch::Request(Request::new_with_init(&url, &how)?).send().await?;

    match answer.status_code() {
        200 => {}
        404 => return Err(ToolError::new("There is no weather for that city. Try a larger one near it.")),
        429 => return Err(ToolError::new("The weather service has been asked too often. Try again in a minute.")),
        status => return Err(ToolError::new(format!("The weather service answered with status {status}."))),
    }
    let Weather { celsius, sky } = serde_json::from_slice(&answer.bytes().await?)?;
    Ok(format!("{sky}, {celsius} °C"))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector.tool(Tool::new("weather", "Tell the weather in a city now.", weather).title("Weather").read_only())
}
