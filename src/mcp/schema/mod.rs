//! JSON Schema 2020-12, as far as it decides whether a value is valid: every keyword of the core, applicator, unevaluated
//! and validation vocabularies. `format` and `content*` are annotations, as the specification has them by default.
//!
//! Why not a crate: the two that pass the official suite, `jsonschema` and `boon`, add 746 and 450 KB of gzip to a Worker
//! that is a fraction of that in all. This folder adds 42.
//!
//! A schema is its author's, a value is a stranger's. So everything about a schema is decided once, when it is compiled
//! (nothing is ever fetched), and validation has a budget of work that no value can exceed.

mod applicators;
mod arrays;
mod budget;
mod char_class;
mod compile;
mod document;
mod equality;
mod evaluate;
mod keywords;
mod number;
mod objects;
mod pattern;
mod pattern_syntax;
mod report;
mod unevaluated;
mod uri;
mod validator;
mod view;

#[cfg(test)]
mod bounds;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod wording;

pub(crate) use number::compare;
pub(crate) use report::Violations;
pub(crate) use validator::Schema;
