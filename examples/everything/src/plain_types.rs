//! Tools whose types derive what released clients refuse: anything at all, `Option`, lists, maps, tuples, and an enum that is
//! flattened into the arguments. What clients are told of them, each takes; the handlers answer with what they got.

use std::collections::BTreeMap;

use mcp_connector::{Connector, Context, Json, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .tool(Tool::new("plain_types", "Answers with its arguments.", echo).title("Plain types").read_only())
        .tool(Tool::new("flattened_choice", "Answers with its arguments.", draw).title("Flattened choice").read_only())
        .tool(
            Tool::new("absent_members", "Answers with an object of which little is there.", absent)
                .title("Absent members")
                .read_only(),
        )
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Everything {
    /// Anything at all.
    any: Value,
    /// A whole number.
    id: u64,
    /// Yes or no.
    sure: Option<bool>,
    /// A text.
    text: Option<String>,
    /// One of several texts.
    colour: Option<Colour>,
    /// Points.
    points: Option<Vec<Point>>,
    /// Anything by name.
    named: Option<BTreeMap<String, Value>>,
    /// Two of a kind.
    pair: Option<(u8, u8)>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Colour {
    /// Like a rose.
    Red,
    /// Like the sea.
    Blue,
}

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
struct Point {
    /// Across.
    x: f64,
    /// What it is called.
    label: Option<String>,
}

async fn echo(args: Everything) -> Result<Json<Everything>, ToolError> {
    Ok(Json(args))
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Draw {
    /// Where.
    at: u8,
    #[serde(flatten)]
    shape: Shape,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shape {
    /// Round.
    Circle {
        /// From the middle to the edge.
        radius: f64,
    },
    /// With four corners.
    Square {
        /// The length of an edge.
        side: f64,
        /// What it is filled with.
        fill: Option<String>,
    },
}

async fn draw(args: Draw) -> Result<Json<Draw>, ToolError> {
    Ok(Json(args))
}

#[derive(Serialize, JsonSchema)]
struct Sparse {
    there: Option<String>,
    gone: Option<String>,
    any: Value,
    points: Vec<Point>,
}

async fn absent(_cx: Context) -> Result<Json<Sparse>, ToolError> {
    Ok(Json(Sparse { there: Some("here".to_owned()), gone: None, any: Value::Null, points: vec![Point::default()] }))
}
