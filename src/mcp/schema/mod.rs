//! JSON Schema 2020-12, as far as it decides whether a value is valid: every keyword of the core, applicator, unevaluated
//! and validation vocabularies. `format` and `content*` are annotations, as the specification has them by default.
//!
//! Why not a crate: the two that pass the official suite (`jsonschema`, `boon`) add 826 and 491 KB of gzip to a Worker
//! that is a fraction of that in all; this folder adds less than a tenth of the smaller one, regular expressions included.
//!
//! A schema is its author's, a value is a stranger's. So everything about a schema is decided once, when it is compiled
//! (nothing is ever fetched), and validation has a budget of work that no value can exceed.

mod budget;
mod compile;
mod document;
mod equality;
mod evaluate;
mod keywords;
mod number;
mod pattern;
mod report;
mod unevaluated;
mod unicode;
mod uri;
mod validator;
mod view;

#[cfg(test)]
mod suite;

pub(crate) use document::SchemaError;
pub(crate) use number::compare;
pub use report::Violations;
pub(crate) use validator::Schema;
