//! A SQL database: D1.

use mcp_connector::{Connector, Context, Json, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Book {
    /// Its title.
    title: String,
    /// Who wrote it.
    author: String,
}

#[derive(Deserialize, JsonSchema)]
struct Author {
    /// The author's name, or a part of it.
    #[schemars(length(min = 2, max = 100))]
    author: String,
}

#[derive(Serialize, JsonSchema)]
struct Books {
    books: Vec<Book>,
}

async fn find_books(args: Author, cx: Context) -> Result<Json<Books>, ToolError> {
    // What comes from a client is bound, never written into the statement.
    let select = "SELECT title, author FROM books WHERE instr(lower(author), lower(?1)) ORDER BY title LIMIT 50";
    Ok(Json(Books { books: cx.d1("DB")?.query(select, [args.author]).await? }))
}

async fn add_book(book: Book, cx: Context) -> Result<String, ToolError> {
    let insert = "INSERT INTO books (title, author) VALUES (?1, ?2)";
    cx.d1("DB")?.execute(insert, (&book.title, &book.author)).await?;
    Ok(format!("“{}” is on the shelf.", book.title))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .tool(Tool::new("find_books", "Find books by their author.", find_books).title("Find books").read_only())
        .tool(Tool::new("add_book", "Add a book to the shelf.", add_book).title("Add book").additive())
}
