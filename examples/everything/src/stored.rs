//! Records that were kept before their collection had names.

use mcp_connector::{Connector, Context, Json, Select, Store, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Shelf {
    /// A name that nobody else uses.
    shelf: String,
}

#[derive(Serialize, Deserialize)]
struct Book {
    title: String,
}

#[derive(Serialize, JsonSchema)]
struct Names {
    /// Before anything is stored.
    nothing: u64,
    /// Of all records.
    titles: Vec<String>,
    /// Of those that begin with `b`, in pages of one.
    found: Vec<String>,
    /// After a change and an end.
    later: Vec<String>,
}

async fn names_of_older_records(args: Shelf, cx: Context) -> Result<Json<Names>, ToolError> {
    let before = Store::named(cx.env(), "books", &args.shelf)?;
    let nothing = before.count().await?;
    let mut ids = Vec::new();
    for title in ["Beowulf", "100%", "Candide", "the Book of b"] {
        ids.push(before.add(&Book { title: title.to_owned() }).await?);
    }
    let store = Store::named(cx.env(), "books", &args.shelf)?.named_by("title");
    let titles = names(&store, "").await?;
    store.add(&Book { title: "Bambi".to_owned() }).await?;
    let found = names(&store, "b").await?;
    if let [first, second, ..] = ids[..] {
        store.replace(first, &Book { title: "Brand".to_owned() }).await?;
        store.delete(second).await?;
    }
    let later = names(&store, "").await?;
    Ok(Json(Names { nothing, titles, found, later }))
}

async fn names(store: &Store, beginning: &str) -> Result<Vec<String>, ToolError> {
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let page = store.names(Select::all().after(after).limit(1).name_prefix(beginning)).await?;
        names.extend(page.records.into_iter().map(|(_, name)| name));
        after = page.next;
        if after.is_none() {
            return Ok(names);
        }
    }
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector.tool(
        Tool::new("names_of_older_records", "Names records that were kept without.", names_of_older_records)
            .title("Name older records")
            .additive(),
    )
}
