//! [`D1`]: a database of the connector.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use worker::Env;
use worker::js_sys::{Array, JSON};
use worker::wasm_bindgen::{JsCast as _, JsValue};

use crate::platform::js;
use crate::storage::binding_error::{Binding, BindingError, Resource};
use crate::storage::parameters::{Parameter, parameters};

/// A D1 database, returned by [`Context::d1`](crate::Context::d1).
///
/// A statement has its parameters beside it, as a tuple, an array or a list of plain values; they are bound to `?1`, `?2`, … and
/// never become part of the SQL. A row is read by serde: as a struct by the names of its columns, or as a plain value if it has
/// one column. `SQLite` has no booleans: a column that holds one is a number.
///
/// ```
/// use mcp_connector::{Context, ToolError};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Book {
///     title: String,
///     year: u32,
/// }
///
/// async fn books(author: String, cx: Context) -> Result<String, ToolError> {
///     let db = cx.d1("DB")?;
///     db.execute("INSERT INTO asked (author) VALUES (?1)", [&author]).await?;
///     let books: Vec<Book> = db.query("SELECT title, year FROM books WHERE author = ?1 LIMIT 50", [&author]).await?;
///     let total: Option<u32> = db.first("SELECT count(*) FROM books", ()).await?;
///     let titles: Vec<String> = books.iter().map(|book| format!("{} ({})", book.title, book.year)).collect();
///     Ok(format!("{} of {}: {}", books.len(), total.unwrap_or(0), titles.join(", ")))
/// }
/// ```
pub struct D1(Binding);

/// A statement for [`D1::batch`], made by [`D1::statement`].
pub struct D1Statement<'a> {
    sql: &'a str,
    parameters: Result<Vec<Parameter>, BindingError>,
}

impl D1 {
    /// Returns the one that is bound as `binding`.
    pub(crate) fn bound(env: &Env, binding: &str) -> Result<Self, BindingError> {
        Resource::D1Database.of(env, binding).map(Self)
    }

    /// Returns the rows of a statement.
    ///
    /// # Errors
    ///
    /// Fails if a parameter cannot be bound, D1 refuses the statement, or a row is not a `T`.
    pub async fn query<T: DeserializeOwned>(
        &self,
        sql: &str,
        parameters: impl Serialize,
    ) -> Result<Vec<T>, BindingError> {
        let statement = self.prepare(&self.statement(sql, parameters))?;
        let result = self.run(&statement, "all").await?;
        let rows = js::get(&result, "results").and_then(|rows| {
            if rows.is_object() { JSON::stringify(&rows) } else { Err(JsValue::from_str("its answer has no rows")) }
        });
        let rows = String::from(rows.map_err(|error| self.0.failed(&error))?);
        rows_as(&rows).map_err(|error| self.0.unexpected(&error))
    }

    /// Returns the first row of a statement, or `None` if it has none.
    ///
    /// # Errors
    ///
    /// Fails as [`query`](Self::query) does.
    pub async fn first<T: DeserializeOwned>(
        &self,
        sql: &str,
        parameters: impl Serialize,
    ) -> Result<Option<T>, BindingError> {
        Ok(self.query(sql, parameters).await?.into_iter().next())
    }

    /// Carries out a statement that writes, and returns the number of rows it changed.
    ///
    /// # Errors
    ///
    /// Fails if a parameter cannot be bound, or D1 refuses the statement.
    pub async fn execute(&self, sql: &str, parameters: impl Serialize) -> Result<u64, BindingError> {
        let statement = self.prepare(&self.statement(sql, parameters))?;
        Ok(changes(&self.run(&statement, "run").await?))
    }

    /// Returns a statement for [`batch`](Self::batch).
    pub fn statement<'a>(&self, sql: &'a str, parameters: impl Serialize) -> D1Statement<'a> {
        D1Statement { sql, parameters: self::parameters(parameters) }
    }

    /// Carries out several statements as one transaction: all of them, or none. Without any, nothing happens. Returns the number of rows that each changed.
    ///
    /// ```
    /// # use mcp_connector::{BindingError, Context};
    /// # async fn move_page(cx: Context, id: u32, folder: &str) -> Result<(), BindingError> {
    /// let db = cx.d1("DB")?;
    /// db.batch([
    ///     db.statement("UPDATE pages SET folder = ?2 WHERE id = ?1", (id, folder)),
    ///     db.statement("INSERT INTO moves (page) VALUES (?1)", [id]),
    /// ])
    /// .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Fails if a parameter cannot be bound, or D1 refuses a statement. Then nothing was changed.
    pub async fn batch<'a>(
        &self,
        statements: impl IntoIterator<Item = D1Statement<'a>>,
    ) -> Result<Vec<u64>, BindingError> {
        let statements: Array = statements.into_iter().map(|one| self.prepare(&one)).collect::<Result<_, _>>()?;
        if statements.length() == 0 {
            return Ok(Vec::new());
        }
        let results = js::call_async(self.0.object(), "batch", &[&statements]).await;
        let results = results.and_then(|results| {
            results.dyn_into::<Array>().map_err(|_| JsValue::from_str("its answer has no results"))
        });
        let results = results.map_err(|error| self.0.failed(&error))?;
        Ok(results.iter().map(|result| changes(&result)).collect())
    }

    fn prepare(&self, statement: &D1Statement<'_>) -> Result<JsValue, BindingError> {
        let parameters = statement.parameters.clone()?;
        let prepared = js::call(self.0.object(), "prepare", &[&statement.sql.into()]);
        let bound = prepared.and_then(|prepared| {
            let values: Vec<JsValue> = parameters.into_iter().map(JsValue::from).collect();
            js::call(&prepared, "bind", &values.iter().collect::<Vec<_>>())
        });
        bound.map_err(|error| self.0.failed(&error))
    }

    async fn run(&self, statement: &JsValue, method: &str) -> Result<JsValue, BindingError> {
        js::call_async(statement, method, &[]).await.map_err(|error| self.0.failed(&error))
    }
}

/// Returns the number of rows that a result says were changed.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number far below 2^53")]
fn changes(result: &JsValue) -> u64 {
    let changes = js::get(result, "meta").and_then(|meta| js::get(&meta, "changes"));
    changes.ok().and_then(|changes| changes.as_f64()).unwrap_or(0.0) as u64
}

/// Reads rows: as they are, or as the value of their only column.
fn rows_as<T: DeserializeOwned>(json: &str) -> Result<Vec<T>, serde_json::Error> {
    serde_json::from_str(json).or_else(|error| {
        let rows: Vec<Map<String, Value>> = serde_json::from_str(json)?;
        let value = |row: Map<String, Value>| {
            let mut values = row.into_iter();
            match (values.next(), values.next()) {
                (Some((_, value)), None) => serde_json::from_value(value).ok(),
                _ => None,
            }
        };
        rows.into_iter().map(value).collect::<Option<_>>().ok_or(error)
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Book {
        title: String,
        year: Option<u32>,
    }

    #[test]
    fn a_row_is_a_struct_or_the_value_of_its_only_column() {
        let books = r#"[{"title": "Emma", "year": 1815}, {"title": "Persuasion", "year": null}]"#;
        let book = |title: &str, year| Book { title: title.to_owned(), year };
        assert_eq!(rows_as::<Book>(books).unwrap(), [book("Emma", Some(1815)), book("Persuasion", None)]);
        assert_eq!(rows_as::<String>(r#"[{"title": "Emma"}]"#).unwrap(), ["Emma"]);
        assert_eq!(rows_as::<Option<u32>>(r#"[{"max(year)": null}]"#).unwrap(), [None]);
        assert_eq!(rows_as::<u32>("[]").unwrap(), [0; 0]);
        let error = rows_as::<String>(books).unwrap_err().to_string();
        assert!(error.contains("expected a string"), "{error}");
        assert!(rows_as::<u32>(r#"[{"title": "Emma"}]"#).is_err());
    }
}
