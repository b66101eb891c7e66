//! Assertions at the object of one subject: each is used exactly once, and the owner of this server can end what they admit.

pub mod commands;
pub mod ends;
pub mod store;
pub mod used;
