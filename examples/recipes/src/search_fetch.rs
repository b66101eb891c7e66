//! `search` and `fetch`, as ChatGPT expects them for deep research and company knowledge.

use mcp_connector::{Connector, Json, Tool, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

/// What `search` returns. ChatGPT reads exactly this form.
#[derive(Serialize, JsonSchema)]
struct SearchResults {
    /// What was found, the best first.
    results: Vec<SearchResult>,
}

#[derive(Serialize, JsonSchema)]
struct SearchResult {
    /// What `fetch` takes.
    id: String,
    /// A title for people.
    title: String,
    /// Where a person can read it. Without an address, ChatGPT does not cite it.
    url: String,
}

/// What `fetch` returns.
#[derive(Serialize, JsonSchema)]
struct Document {
    /// The id that was asked for.
    id: String,
    /// A title for people.
    title: String,
    /// All of the text.
    text: String,
    /// Where a person can read it.
    url: String,
    /// More about it.
    metadata: Option<Metadata>,
}

#[derive(Serialize, JsonSchema)]
struct Metadata {
    /// Where it comes from.
    source: String,
}

struct Page {
    id: &'static str,
    title: &'static str,
    text: &'static str,
}

const PAGES: [Page; 2] = [
    Page {
        id: "opening-hours",
        title: "Opening hours",
        text: "The library is open from ten to six, but not on Mondays.",
    },
    Page { id: "late-fees", title: "Late fees", text: "A book that is a week late costs nothing. After that, a cake." },
];

fn url(page: &Page) -> String {
    format!("https://library.example/{}", page.id)
}

async fn search(query: String) -> Result<Json<SearchResults>, ToolError> {
    let words: Vec<String> = query.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let has_a_word = |page: &&Page| {
        let text = format!("{} {}", page.title, page.text).to_lowercase();
        words.iter().any(|word| text.contains(word))
    };
    let result = |page: &Page| SearchResult { id: page.id.into(), title: page.title.into(), url: url(page) };
    Ok(Json(SearchResults { results: PAGES.iter().filter(has_a_word).map(result).take(20).collect() }))
}

async fn fetch(id: String) -> Result<Json<Document>, ToolError> {
    let page = PAGES.iter().find(|page| page.id == id);
    let page = page.ok_or_else(|| ToolError::new("There is no such document. Use an id that search returned."))?;
    let metadata = Some(Metadata { source: "library".into() });
    Ok(Json(Document { id, title: page.title.into(), text: page.text.into(), url: url(page), metadata }))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .tool(
            Tool::new("search", "Search the pages of the library.", search)
                .argument("query", "What to look for.")
                .title("Search")
                .read_only()
                .closed_world(),
        )
        .tool(
            Tool::new("fetch", "Read a page of the library.", fetch)
                .argument("id", "The id of a result of search.")
                .title("Fetch")
                .read_only()
                .closed_world(),
        )
}
