//! A validator for JSON Schema 2020-12 with a bounded amount of work and messages that a language model can act on.
//!
//! ```
//! use mcp_connector_schema::Schema;
//! use serde_json::json;
//!
//! let schema = Schema::compile(&json!({
//!     "type": "object",
//!     "properties": {"title": {"type": "string", "pattern": "\\S"}, "stars": {"type": "integer", "maximum": 5}},
//!     "required": ["title"],
//! }))?;
//! assert!(schema.validate(&json!({"title": "Tea", "stars": 4})).is_ok());
//!
//! let violations = schema.validate(&json!({"stars": 7})).unwrap_err();
//! assert_eq!(violations.to_string(), "`title` is missing\n`stars` must be at most 5");
//! # Ok::<(), mcp_connector_schema::SchemaError>(())
//! ```
//!
//! A schema comes from its author and a value from a stranger. [`Schema::compile`] therefore reports every mistake in the schema:
//! each reference is resolved inside the document and each pattern is compiled. [`Schema::validate`] has a budget that no value
//! exceeds.
//!
//! The crate implements the keywords of the core, applicator, unevaluated and validation vocabularies, except `$dynamicRef` and
//! `$dynamicAnchor`, which it refuses. `format`, `contentEncoding` and `contentMediaType` are annotations, which is the default of
//! the specification.

mod budget;
mod compile;
mod document;
mod evaluate;
mod instance;
mod keywords;
mod schema;
mod violations;

#[cfg(test)]
mod limits_tests;
#[cfg(test)]
mod message_tests;
#[cfg(test)]
mod official_suite_tests;

pub use document::schema_error::SchemaError;
pub use instance::number::compare;
pub use schema::Schema;
pub use violations::violation::Violations;
