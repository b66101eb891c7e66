//! The tools of the page "Add your own tool", from the first line to its tests.

use mcp_connector::{
    Annotations, CallToolResult, ClientCapability, Connector, ContentBlock, Context, Json, LoggingLevel, Role, Scope,
    Store, Tool, ToolError,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Convert {
    /// How much.
    #[schemars(range(min = 0.0))]
    amount: f64,
    /// The unit of `amount`.
    from: Unit,
    /// The unit of the answer; metres if it is left out.
    to: Option<Unit>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Unit {
    Metres,
    Feet,
    Miles,
}

impl Unit {
    const fn in_metres(self) -> f64 {
        match self {
            Self::Metres => 1.0,
            Self::Feet => 0.3048,
            Self::Miles => 1609.344,
        }
    }
}

async fn convert(args: Convert) -> Result<String, ToolError> {
    let to = args.to.unwrap_or(Unit::Metres);
    Ok(format!("{}", args.amount * args.from.in_metres() / to.in_metres()))
}

const SHELF_READ: Scope = Scope::new("shelf:read", "See what is on your shelf");
const SHELF_WRITE: Scope = Scope::new("shelf:write", "Change what is on your shelf");

#[derive(Serialize, Deserialize, JsonSchema)]
struct Item {
    /// What it is.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// How many there are.
    #[schemars(range(min = 1, max = 1000))]
    count: u32,
}

async fn put_on_shelf(item: Item, cx: Context) -> Result<String, ToolError> {
    let id = Store::of(&cx, "shelf")?.add(&item).await?;
    Ok(format!("{} is item {id} on your shelf.", item.name))
}

#[derive(Serialize, JsonSchema)]
struct Shelf {
    /// What stands on it.
    items: Vec<Item>,
    /// How many pieces these are in all.
    pieces: u32,
}

async fn look_at_shelf(cx: Context) -> Result<Json<Shelf>, ToolError> {
    let records: Vec<(u64, Item)> = Store::of(&cx, "shelf")?.list().await?;
    let items: Vec<Item> = records.into_iter().map(|(_, item)| item).collect();
    let pieces = items.iter().fold(0_u32, |sum, item| sum.saturating_add(item.count));
    Ok(Json(Shelf { items, pieces }))
}

#[derive(Deserialize, JsonSchema)]
struct ItemId {
    /// Id of the item, as `put_on_shelf` gave it.
    id: u64,
}

#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    /// Throw it away
    sure: bool,
}

async fn throw_away(args: ItemId, cx: Context) -> Result<String, ToolError> {
    let shelf = Store::of(&cx, "shelf")?;
    let item: Option<Item> = shelf.get(args.id).await?;
    let Some(item) = item else {
        return Err(ToolError::new(format!("There is no item {} on your shelf.", args.id)));
    };
    if cx.can(ClientCapability::Elicitation) {
        let question = format!("Throw “{}” away for good?", item.name);
        let Confirmation { sure } = cx.elicit("confirm", question).await?;
        if !sure {
            return Ok(format!("“{}” stays.", item.name));
        }
    }
    shelf.delete(args.id).await?;
    Ok(format!("“{}” is gone.", item.name))
}

#[derive(Deserialize, JsonSchema)]
struct Count {
    /// How far to count.
    #[schemars(range(min = 1, max = 10))]
    to: u32,
}

async fn count(args: Count, cx: Context) -> Result<String, ToolError> {
    for done in 1..=args.to {
        cx.progress(f64::from(done), f64::from(args.to)).await;
        cx.log(LoggingLevel::Info, format!("at {done}")).await;
    }
    Ok(format!("That was {}.", args.to))
}

async fn two_audiences(_cx: Context) -> Result<CallToolResult, ToolError> {
    let annotations = Annotations::new().audience(Role::User);
    let for_the_person = ContentBlock::text("Here you are.").annotations(annotations);
    Ok(CallToolResult::new().content(ContentBlock::text("All the details.")).content(for_the_person))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .sign_in([SHELF_READ])
        .tool(
            Tool::new("convert", "Convert a length to another unit.", convert)
                .title("Convert length")
                .read_only()
                .closed_world(),
        )
        .tool(
            Tool::new("put_on_shelf", "Put something on the shelf.", put_on_shelf)
                .title("Put on shelf")
                .scope(SHELF_WRITE)
                .additive(),
        )
        .tool(
            Tool::new("look_at_shelf", "Tell what is on the shelf.", look_at_shelf)
                .title("Look at shelf")
                .scope(SHELF_READ)
                .read_only(),
        )
        .tool(
            Tool::new("throw_away", "Take an item off the shelf for good.", throw_away)
                .title("Throw away")
                .scope(SHELF_WRITE)
                .destructive()
                .check_revocation(),
        )
        .tool(Tool::new("count", "Count, and tell how far.", count).title("Count").read_only())
        .tool(Tool::new("two_audiences", "Answer twice.", two_audiences).title("Two audiences").read_only())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mile_has_5280_feet() {
        assert!((Unit::Miles.in_metres() / Unit::Feet.in_metres() - 5280.0).abs() < 1e-9);
    }
}
