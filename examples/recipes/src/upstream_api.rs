//! Calling an API of somebody else with a secret of yours.

use mcp_connector::{Connector, Context, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
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
    let api = cx.env().var("WEATHER_API")?.to_string();
    let key = cx.secret("WEATHER_API_KEY")?;
    match cx.http().get(api).path("weather").query(&args).bearer(key).json().await {
        Ok(Weather { celsius, sky }) => Ok(format!("{sky}, {celsius} °C")),
        Err(error) if error.status() == Some(404) => {
            Err(ToolError::new("There is no weather for that city. Try a larger one near it."))
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        // 127.0.0.1: a server of one's own, for development and tests.
        .hosts(["api.weather.example", "127.0.0.1"])
        .tool(Tool::new("weather", "Tell the weather in a city now.", weather).title("Weather").read_only())
}
