//! The Durable Object that knows who has signed in, who uses which client, and which clients the owner has ended.

pub(crate) mod commands;
pub(crate) mod object;
pub(crate) mod people;
pub(crate) mod rows;
pub(crate) mod search;
pub(crate) mod stub;
