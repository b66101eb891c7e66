//! Work for later: a tool puts it into a queue, and the person hears when it is done.

use mcp_connector::{Change, Connector, Context, EventContext, Resource, Scope, Subject, Tool, ToolError};
use serde::{Deserialize, Serialize};

const EXPORTS: Scope = Scope::new("exports", "Export your books");
const EXPORT: &str = "export://latest";

#[derive(Serialize, Deserialize)]
struct Job {
    person: Subject,
}

async fn export_books(cx: Context) -> Result<&'static str, ToolError> {
    let job = Job { person: cx.subject()?.clone() };
    cx.env().queue("JOBS")?.send(&job).await?;
    Ok("The export has begun. It will be the resource export://latest.")
}

/// A message may come twice: doing it again must change nothing.
async fn export(job: Job, cx: EventContext) -> Result<(), ToolError> {
    let titles: Vec<String> = cx.d1("DB")?.query("SELECT title FROM books ORDER BY title", ()).await?;
    cx.kv("BOARD")?.put(&key(&job.person), &titles.join("\n")).await?;
    cx.announce_to(&job.person, Change::resource(EXPORT)).await;
    Ok(())
}

fn key(person: &Subject) -> String {
    format!("export/{person}")
}

async fn read_export(cx: Context) -> Result<String, ToolError> {
    let export = cx.kv("BOARD")?.get(&key(cx.subject()?)).await?;
    export.ok_or_else(|| ToolError::new("There is no export yet. Call export_books first."))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .queue("jobs", export)
        .tool(
            Tool::new("export_books", "Export all books.", export_books)
                .title("Export books")
                .scope(EXPORTS)
                .additive(),
        )
        .resource(
            Resource::new(EXPORT, "export", "Your latest export of the books.", read_export)
                .title("Export")
                .scope(EXPORTS),
        )
}
