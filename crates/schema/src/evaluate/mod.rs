//! Evaluates a value against a compiled schema (Core §7). `evaluation` applies one schema. The other modules apply its keywords, each
//! for one type of value, and go on to the schemas inside.

pub(crate) mod applicators;
pub(crate) mod arrays;
pub(crate) mod evaluated;
pub(crate) mod evaluation;
pub(crate) mod explanation;
pub(crate) mod objects;
pub(crate) mod scalars;
