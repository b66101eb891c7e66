//! A team wiki: search over an API with a key, pages in D1, work that takes long, a delete that asks first, statistics, and pages
//! as resources. `docs/fastmcp.md` has the same in Python.

use mcp_connector::{Connector, Context, Json, ResourceTemplate, Scope, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const READ: Scope = Scope::new("wiki:read", "Read the team wiki");
const WRITE: Scope = Scope::new("wiki:write", "Change the team wiki");

#[derive(Serialize, Deserialize, JsonSchema)]
struct Search {
    /// What to look for.
    #[schemars(length(min = 1, max = 200))]
    q: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Hits {
    hits: Vec<Hit>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Hit {
    /// Id of the page.
    id: u32,
    /// Its heading.
    title: String,
}

/// The search is an API of its own. It takes a key, which no error and no log shows.
async fn search_wiki(args: Search, cx: Context) -> Result<Json<Hits>, ToolError> {
    let api = cx.env().var("WIKI_SEARCH")?.to_string();
    Ok(Json(cx.http().get(api).path("search").query(&args).bearer(cx.secret("WIKI_KEY")?).json().await?))
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Page {
    /// A short heading.
    #[schemars(length(min = 1, max = 200))]
    title: String,
    /// The text, in Markdown.
    #[schemars(length(max = 20_000))]
    body: String,
}

async fn create_page(page: Page, cx: Context) -> Result<String, ToolError> {
    let insert = "INSERT INTO pages (title, body, author) VALUES (?1, ?2, ?3) RETURNING id";
    let id: Option<u32> = cx.d1("DB")?.first(insert, (&page.title, &page.body, cx.subject()?.as_str())).await?;
    Ok(format!("“{}” is page {}.", page.title, id.unwrap_or_default()))
}

/// Sends every page to the search. A client that takes tasks gets one.
async fn index_wiki(cx: Context) -> Result<String, ToolError> {
    let ids: Vec<u32> = cx.d1("DB")?.query("SELECT id FROM pages ORDER BY id", ()).await?;
    let (api, key) = (cx.env().var("WIKI_SEARCH")?.to_string(), cx.secret("WIKI_KEY")?);
    let total = u32::try_from(ids.len())?;
    for (done, id) in (1..=total).zip(ids) {
        if let Some(page) = page(id, &cx).await? {
            cx.http().put(&api).path("pages").path(id).bearer(&key).body_json(&page).text().await?;
        }
        cx.progress(done.into(), total.into()).await;
    }
    Ok(format!("{total} pages are in the index."))
}

async fn page(id: u32, cx: &Context) -> Result<Option<Page>, ToolError> {
    Ok(cx.d1("DB")?.first("SELECT title, body FROM pages WHERE id = ?1", [id]).await?)
}

#[derive(Deserialize, JsonSchema)]
struct PageId {
    /// Id of the page, as `search_wiki` gives it.
    id: u32,
}

#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    /// Delete it
    sure: bool,
}

async fn delete_page(PageId { id }: PageId, cx: Context) -> Result<String, ToolError> {
    let Some(Page { title, .. }) = page(id, &cx).await? else {
        return Err(ToolError::new(format!("There is no page {id}. Call search_wiki for the ids.")));
    };
    let Confirmation { sure } = cx.elicit("confirm", format!("Delete “{title}” for good?")).await?;
    if !sure {
        return Ok(format!("“{title}” is kept."));
    }
    cx.d1("DB")?.execute("DELETE FROM pages WHERE id = ?1", [id]).await?;
    Ok(format!("“{title}” is deleted."))
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
struct Stats {
    pages: u32,
    authors: u32,
    /// Of all pages together.
    letters: u64,
}

async fn wiki_stats(cx: Context) -> Result<Json<Stats>, ToolError> {
    let count = "SELECT count() AS pages, count(DISTINCT author) AS authors, total(length(body)) AS letters FROM pages";
    Ok(Json(cx.d1("DB")?.first(count, ()).await?.unwrap_or_default()))
}

async fn read_page(PageId { id }: PageId, cx: Context) -> Result<Option<String>, ToolError> {
    Ok(page(id, &cx).await?.map(|page| format!("# {}\n\n{}", page.title, page.body)))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    let search = Tool::new("search_wiki", "Find pages of the team wiki.", search_wiki).title("Search the wiki");
    let create = Tool::new("create_page", "Add a page to the team wiki.", create_page).title("Create page");
    let index = Tool::new("index_wiki", "Send all pages to the search.", index_wiki).title("Index the wiki");
    let delete = Tool::new("delete_page", "Delete a page of the team wiki.", delete_page).title("Delete page");
    let stats = Tool::new("wiki_stats", "Count pages, authors and letters.", wiki_stats).title("Statistics");
    let pages = ResourceTemplate::new("page://{id}", "page", "A page of the team wiki.", read_page);
    connector
        .hosts(["search.wiki.example"])
        .sign_in([READ])
        .tool(search.scope(READ).read_only())
        .tool(create.scope(WRITE).additive())
        .tool(index.scope(WRITE).additive().long_running())
        .tool(delete.scope(WRITE).destructive())
        .tool(stats.scope(READ).read_only())
        .template(pages.title("Page").scope(READ))
}
