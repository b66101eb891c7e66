//! The tool that the README adds.

use mcp_connector::{Connector, Context, Json, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Place {
    /// Degrees north of the equator.
    #[schemars(range(min = -90, max = 90))]
    latitude: f64,
    /// Degrees east of Greenwich.
    #[schemars(range(min = -180, max = 180))]
    longitude: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Weather {
    /// In degrees Celsius.
    temperature_2m: f64,
    /// In kilometres an hour.
    wind_speed_10m: f64,
}

#[derive(Deserialize)]
struct Forecast {
    current: Weather,
}

async fn weather_at(place: Place, cx: Context) -> Result<Json<Weather>, ToolError> {
    let api = "https://api.open-meteo.com/v1/forecast?current=temperature_2m,wind_speed_10m";
    let forecast: Forecast = cx.http().get(api).query(&place).json().await?;
    Ok(Json(forecast.current))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .hosts(["api.open-meteo.com"])
        .tool(Tool::new("weather_at", "Get the current weather at a place.", weather_at).title("Weather").read_only())
}
