//! The code of the guide for authors, from the first tool to its tests.

use std::time::Duration;

use mcp_connector::worker::{Date, console_log};
use mcp_connector::{
    Annotations, Call, CallOutcome, CallToolResult, Caller, ClientCapability, Connector, ContentBlock, Context, Icon,
    Json, ListPage, ListedPage, ListedResource, LoggingLevel, Next, Partial, Prompt, Resource, ResourceTemplate, Role,
    Scope, Select, Store, Tool, ToolError,
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
    /// The items.
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

#[derive(Deserialize, JsonSchema)]
struct Timer {
    /// How long to wait.
    #[schemars(range(min = 1, max = 20))]
    seconds: u32,
}

async fn kitchen_timer(args: Timer, cx: Context) -> Result<String, ToolError> {
    let began = Date::now().as_millis();
    cx.sleep(Duration::from_secs(args.seconds.into())).await;
    let passed = (Date::now().as_millis() - began) / 1000;
    Ok(format!("{passed} seconds have passed."))
}

async fn house_rules(_cx: Context) -> Result<&'static str, ToolError> {
    Ok("Put things back where they were.")
}

async fn read_item(args: ItemId, cx: Context) -> Result<Option<String>, ToolError> {
    let item: Option<Item> = Store::of(&cx, "shelf")?.get(args.id).await?;
    Ok(item.map(|item| format!("{} × {}", item.count, item.name)))
}

async fn list_items(page: ListPage, cx: Context) -> Result<ListedPage, ToolError> {
    let items = Store::of(&cx, "shelf")?.page(Select::all().after(page.after).limit(page.limit)).await?;
    let resource = |(id, item): (u64, Item)| ListedResource::new(format!("shelf://items/{id}"), item.name);
    Ok(ListedPage { resources: items.records.into_iter().map(resource).collect(), next: items.next })
}

async fn complete_id(partial: Partial, cx: Context) -> Result<Vec<String>, ToolError> {
    let ids = Store::of(&cx, "shelf")?.ids(&partial.value, Partial::MAX_VALUES).await?;
    Ok(ids.into_iter().map(|id| id.to_string()).collect())
}

#[derive(Deserialize, JsonSchema)]
struct Present {
    /// Who the present is for.
    person: String,
}

async fn suggest_present(args: Present, cx: Context) -> Result<String, ToolError> {
    let items: Vec<(u64, Item)> = Store::of(&cx, "shelf")?.list().await?;
    let names: Vec<String> = items.into_iter().map(|(_, item)| item.name).collect();
    Ok(format!("Which of these would be a good present for {}? {}", args.person, names.join(", ")))
}

/// Keeps the house for everybody.
fn is_janitor(caller: &Caller) -> bool {
    caller.is_in_group("janitors") || caller.subject.as_str() == "owner"
}

async fn ring_bell(_cx: Context) -> Result<&'static str, ToolError> {
    Ok("The shop closes in ten minutes.")
}

async fn closed_on_sundays(call: Call, next: Next) -> Result<CallOutcome, ToolError> {
    let is_closed = call.name() == "ring_bell" && Date::now().as_millis() / 86_400_000 % 7 == 3;
    if is_closed {
        return Err(ToolError::new("The shop is closed on Sundays. Ring the bell tomorrow."));
    }
    let outcome = next.run().await;
    console_log!("{} {}: {}", call.kind().as_str(), call.name(), outcome.as_str());
    Ok(outcome)
}

const SHELF_ICON: &str =
    r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 3h8v1H0zM0 7h8v1H0z"/></svg>"#;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Draft {
    /// Its name.
    #[schemars(regex(pattern = "^[a-z]{1,40}$"))]
    name: String,
    /// The text.
    #[schemars(length(max = 10_000))]
    text: String,
}

async fn save_draft(draft: Draft, cx: Context) -> Result<&'static str, ToolError> {
    cx.kv("BOARD")?.put(&format!("draft/{}", draft.name), &draft).await?;
    Ok("It is a draft.")
}

/// Moves drafts from KV to R2, at most a thousand at a time, and lists them in D1.
async fn publish_drafts(cx: Context) -> Result<String, ToolError> {
    let (drafts, files, db) = (cx.kv("BOARD")?, cx.r2("FILES")?, cx.d1("DB")?);
    let keys = drafts.list("draft/").await?;
    let mut statements = Vec::new();
    for key in &keys {
        let Some(Draft { name, text }) = drafts.get(key).await? else { continue };
        files.put(key, "text/plain", text).await?;
        statements.push(db.statement("INSERT INTO books (title, author) VALUES (?1, ?2)", (name, "the board")));
    }
    // All rows or none: a draft that is not listed stays a draft.
    let rows: u64 = db.batch(statements).await?.iter().sum();
    for key in &keys {
        drafts.delete(key).await?;
    }
    Ok(format!("{rows} drafts are published."))
}

/// Removes what was published, at most a thousand drafts at a time.
async fn clear_published(cx: Context) -> Result<String, ToolError> {
    let files = cx.r2("FILES")?;
    let published = files.list("draft/").await?;
    for (key, _) in &published {
        files.delete(key).await?;
    }
    let rows = cx.d1("DB")?.execute("DELETE FROM books WHERE author = ?1", ["the board"]).await?;
    let bytes: u64 = published.iter().map(|(_, bytes)| bytes).sum();
    Ok(format!("{} files of {bytes} bytes and {rows} rows are gone.", published.len()))
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
                .icon(Icon::svg(SHELF_ICON))
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
        .tool(Tool::new("kitchen_timer", "Wait for a while.", kitchen_timer).title("Kitchen timer").read_only())
        .resource(
            Resource::new("shelf://rules", "rules", "What to keep in mind.", house_rules)
                .title("House rules")
                .mime_type("text/plain"),
        )
        .template(
            ResourceTemplate::new("shelf://items/{id}", "item", "One of the items.", read_item)
                .title("Item")
                .mime_type("text/plain")
                .scope(SHELF_READ)
                .listed_in_pages(list_items)
                .complete("id", complete_id),
        )
        .prompt(
            Prompt::new("suggest_present", "Find a present on the shelf.", suggest_present)
                .title("Suggest a present")
                .scope(SHELF_READ),
        )
        .tool(
            Tool::new("ring_bell", "Tell everybody that the shop closes.", ring_bell)
                .title("Ring the bell")
                .scope(SHELF_WRITE)
                .visible_to(is_janitor)
                .additive(),
        )
        .tool(Tool::new("save_draft", "Save a draft.", save_draft).title("Save draft").destructive())
        .tool(Tool::new("publish_drafts", "Publish all drafts.", publish_drafts).title("Publish drafts").additive())
        .tool(Tool::new("clear_published", "Remove what was published.", clear_published).title("Clear").destructive())
        .around(closed_on_sundays)
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
