//! The same small server as the one in `docs/moving.md` that is written with `agents`.

use mcp_connector::{Connector, Context, Json, Scope, Store, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const TODOS: Scope = Scope::new("todos", "Read and change your list of things to do");

#[derive(Serialize, Deserialize, JsonSchema)]
struct Todo {
    /// What is to be done.
    #[schemars(length(min = 1, max = 200))]
    text: String,
}

#[derive(Serialize, JsonSchema)]
struct Todos {
    /// Whose list it is.
    person: String,
    todos: Vec<Todo>,
}

async fn add_todo(todo: Todo, cx: Context) -> Result<String, ToolError> {
    let id = Store::of(&cx, "todos")?.add(&todo).await?;
    Ok(format!("That is number {id} on the list."))
}

async fn list_todos(cx: Context) -> Result<Json<Todos>, ToolError> {
    let records: Vec<(u64, Todo)> = Store::of(&cx, "todos")?.list().await?;
    let caller = cx.caller();
    let name = caller.and_then(|caller| caller.name().or(caller.email())).unwrap_or("the owner");
    Ok(Json(Todos { person: name.to_owned(), todos: records.into_iter().map(|(_, todo)| todo).collect() }))
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .sign_in([TODOS])
        .tool(
            Tool::new("add_todo", "Add something to the list of things to do.", add_todo)
                .title("Add to list")
                .scope(TODOS)
                .additive(),
        )
        .tool(
            Tool::new("list_todos", "List what is to be done.", list_todos)
                .title("List things to do")
                .scope(TODOS)
                .read_only(),
        )
}
