//! Tools for what arguments can be: schemas with every keyword, and arguments that headers repeat.

use mcp_connector::{Connector, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .tool(Tool::new("greet", "Greets someone by name.", greet).title("Greet").read_only())
        .tool(Tool::new("repeat", "Answers with a text many times over.", repeat).title("Repeat").read_only())
        .tool(
            Tool::new("strict_arguments", "Accepts arguments of a narrow form.", accept::<Person>)
                .title("Strict arguments")
                .read_only(),
        )
        .tool(
            Tool::new("json_schema_2020_12_tool", "Accepts what a schema with many keywords allows.", echo::<Value>)
                .title("JSON Schema 2020-12")
                .input_schema(schema_2020_12())
                .read_only(),
        )
        .tool(
            Tool::new("test_x_mcp_header", "Takes an argument that a header repeats.", echo::<Region>)
                .title("A mirrored argument")
                .read_only(),
        )
        .tool(
            Tool::new("mirrored_headers", "Takes arguments of each type that headers can repeat.", echo::<Mirrored>)
                .title("Mirrored arguments")
                .read_only(),
        )
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Greet {
    /// Whom to greet.
    name: String,
}

async fn greet(args: Greet) -> Result<String, ToolError> {
    Ok(format!("Hello, {}!", args.name))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Repeat {
    /// What to repeat.
    text: String,
    /// How often.
    #[schemars(range(min = 1, max = 200_000))]
    times: usize,
}

async fn repeat(args: Repeat) -> Result<String, ToolError> {
    Ok(args.text.repeat(args.times))
}

async fn accept<T>(_args: T) -> Result<&'static str, ToolError> {
    Ok("accepted")
}

/// The arguments as JSON.
async fn echo<T: Serialize>(args: T) -> Result<String, ToolError> {
    Ok(serde_json::to_string(&args)?)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only its schema matters")]
struct Person {
    /// In years.
    #[schemars(range(max = 150))]
    age: u8,
    /// The favourite one.
    color: Option<Color>,
    /// At most three, each once.
    #[schemars(length(max = 3), extend("uniqueItems" = true))]
    tags: Option<Vec<String>>,
    /// Where the person lives.
    address: Option<Address>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Color {
    Red,
    Green,
    Blue,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
#[allow(dead_code, reason = "only its schema matters")]
struct Address {
    /// The name of the city.
    #[schemars(length(min = 1))]
    city: String,
    /// Five digits.
    #[schemars(regex(pattern = "^[0-9]{5}$"))]
    zip: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Region {
    /// Where the call is to be routed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcp-header" = "Region"))]
    region: Option<String>,
    /// Not mirrored.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<i64>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Mirrored {
    /// A text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcp-header" = "Region"))]
    region: Option<String>,
    /// A whole number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcp-header" = "Level"))]
    level: Option<i64>,
    /// Yes or no.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcp-header" = "Flag"))]
    flag: Option<bool>,
    /// An object with a mirrored member.
    #[serde(default, skip_serializing_if = "Place::is_nowhere")]
    place: Place,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct Place {
    /// A text inside an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcp-header" = "Zone"))]
    zone: Option<String>,
}

impl Place {
    fn is_nowhere(&self) -> bool {
        self.zone.is_none()
    }
}

/// Every keyword of it must reach the client unchanged. The suite asks for these, without the descriptions.
fn schema_2020_12() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "description": "Where to write to.",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
            },
        },
        "properties": {
            "name": { "type": "string", "description": "Of the contact." },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"], "description": "The better one." },
            "phone": { "type": "string", "description": "A telephone number." },
            "email": { "type": "string", "description": "An e-mail address." },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false,
    })
}
