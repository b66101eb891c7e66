//! The client's own model, with tools of yours to use while it answers.

use mcp_connector::{ClientCapability, Connector, Context, CreateMessageRequest, Tool, ToolChoice, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

/// How often the model may come back for more. Each time, somebody pays for it.
const ROUNDS: u8 = 4;

#[derive(Deserialize, JsonSchema)]
struct Trip {
    /// Towns to choose from.
    #[schemars(length(min = 1, max = 5))]
    towns: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
struct Town {
    /// The town.
    town: String,
}

fn forecast(town: &str) -> Option<&'static str> {
    match town {
        "Paris" => Some("18 °C, partly cloudy"),
        "London" => Some("15 °C, rain"),
        _ => None,
    }
}

async fn choose_town(args: Trip, cx: Context) -> Result<String, ToolError> {
    if !cx.can(ClientCapability::SamplingTools) {
        let all: Vec<_> = args.towns.iter().map(|town| format!("{town}: {}", forecast(town).unwrap_or("?"))).collect();
        return Ok(all.join("\n"));
    }
    let prompt = format!("In which town is a picnic best tomorrow? One of: {}.", args.towns.join(", "));
    let mut question =
        CreateMessageRequest::new(prompt, 300).tool::<Town>("forecast", "The weather of tomorrow in a town.");
    for round in 1..=ROUNDS {
        if round == ROUNDS {
            question = question.tool_choice(ToolChoice::None);
        }
        let said = cx.sample(&format!("round {round}"), question.clone()).await?;
        if said.tool_uses.is_empty() {
            return Ok(said.text);
        }
        let mut results = Vec::new();
        for asked in &said.tool_uses {
            results.push(match asked.input::<Town>() {
                Ok(Town { town }) => match forecast(&town) {
                    Some(weather) => asked.result(weather),
                    None => asked.result(format!("Nobody knows the weather in {town}.")).error(),
                },
                Err(error) => asked.result(error.to_string()).error(),
            });
        }
        question = question.answered(said, results);
    }
    Err(ToolError::new("The model came to no end."))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector.tool(
        Tool::new("choose_town", "Choose the town for a picnic by the weather of tomorrow.", choose_town)
            .title("Choose town")
            .read_only(),
    )
}
