//! From a schema document to a compiled schema.

pub(crate) mod compiler;
pub(crate) mod infinite_recursion;
pub(crate) mod keyword_values;
