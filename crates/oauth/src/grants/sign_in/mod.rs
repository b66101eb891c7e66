//! Sign-ins of the owner: what proves who they are, and which browsers and redirect URIs are remembered.

pub mod commands;
pub mod passkey_commands;
mod passkeys;
mod store;
#[cfg(test)]
mod tests;
