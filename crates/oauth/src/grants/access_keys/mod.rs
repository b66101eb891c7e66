//! Access keys: what a person makes at their account page for a program that cannot sign in.
//!
//! A key is a grant without a client. It is for one resource, has scopes and an end, and does one thing: it calls that resource. It
//! is not exchanged for tokens and grants nothing to anybody else.
//!
//! * [`access_key`] is the text that the person copies.
//! * [`new_access_key`] is what the person asks for.
//! * [`stored_key`] is the row, which has a hash of the secret.
//! * [`key_store`] applies the rules to the rows of one subject, as [`grant_store`](crate::grants::grant_store) does for grants.
//! * [`commands`] are how the endpoints reach it.

pub mod access_key;
mod base62;
pub mod commands;
mod crc32;
pub mod key_store;
pub mod new_access_key;
pub mod stored_key;
pub mod summary;
