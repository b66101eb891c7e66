//! What a client can read about a server before it connects: its server card, and the catalog that leads there.

pub(crate) mod ai_catalog;
pub(crate) mod server_card;
pub(crate) mod server_name;
