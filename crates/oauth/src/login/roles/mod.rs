//! `ROLES`: which people may have which scopes.

pub mod condition;
pub mod parse;
pub mod policy;
