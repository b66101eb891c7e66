//! Work at fixed times: a report each morning, and the clients that listen hear of it.

use mcp_connector::{Change, Connector, Context, EventContext, Resource, ToolError, worker};

const REPORT: &str = "report://today";

async fn make_report(cx: EventContext) -> Result<(), ToolError> {
    let books: Option<u32> = cx.d1("DB")?.first("SELECT count(*) FROM books", ()).await?;
    let day = worker::Date::now().to_string();
    let report = format!("{day}: there are {} books.", books.unwrap_or_default());
    cx.kv("BOARD")?.put("report", &report).await?;
    cx.announce(Change::resource(REPORT)).await;
    Ok(())
}

async fn read_report(cx: Context) -> Result<String, ToolError> {
    let report = cx.kv("BOARD")?.get("report").await?;
    Ok(report.unwrap_or_else(|| "There is no report yet.".to_owned()))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .cron("0 6 * * *", make_report)
        .resource(Resource::new(REPORT, "report", "The report of this morning.", read_report).title("Report"))
}
