//! Sign-ins of the owner: what proves who they are, and which browsers and redirect URIs are remembered.

pub mod commands;
mod store;
#[cfg(test)]
mod tests;
