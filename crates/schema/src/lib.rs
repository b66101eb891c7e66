//! JSON Schema 2020-12, as far as it decides whether a value is valid: every keyword of the core, applicator, unevaluated
//! and validation vocabularies. `format` and `content*` are annotations, as the specification has them by default.
//!
//! Why not a crate: the two that pass the official suite, `jsonschema` and `boon`, add 746 and 450 KB of gzip to a Worker
//! that is a fraction of that in all. This folder adds 42.
//!
//! A schema is its author's, a value is a stranger's. So everything about a schema is decided once, when it is compiled
//! (nothing is ever fetched), and validation has a budget of work that no value can exceed.

pub mod applicators;
pub mod arrays;
pub mod budget;
pub mod char_class;
pub mod compile;
pub mod document;
pub mod equality;
pub mod evaluate;
pub mod keywords;
pub mod number;
pub mod objects;
pub mod pattern;
pub mod pattern_syntax;
pub mod report;
pub mod unevaluated;
pub mod uri;
pub mod validator;
pub mod view;

#[cfg(test)]
pub mod bounds;
#[cfg(test)]
pub mod suite;
#[cfg(test)]
pub mod wording;

pub use crate::number::compare;
pub use crate::report::Violations;
pub use crate::validator::Schema;
