//! The AI catalog of a host (AI Catalog 1.0, "Discoverable Catalog"; SEP-2127, "Discovery"): where the server cards are.

use serde::Serialize;

use crate::author::registry::Registry;
use crate::discovery::server_card::SERVER_CARD_TYPE;

/// The media type of an AI catalog.
pub const AI_CATALOG_TYPE: &str = "application/ai-catalog+json";
/// Where a host publishes its catalog.
pub const AI_CATALOG_PATH: &str = "/.well-known/ai-catalog.json";

/// A catalog with one entry: a connector is one server, at however many URLs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AiCatalog<'a> {
    spec_version: &'static str,
    host: HostInfo<'a>,
    entries: [CatalogEntry; 1],
}

/// Who operates the catalog.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HostInfo<'a> {
    display_name: &'a str,
}

/// An entry. Title, description and version are those of the card, and are not repeated.
#[derive(Debug, Serialize)]
struct CatalogEntry {
    identifier: String,
    #[serde(rename = "type")]
    media_type: &'static str,
    url: String,
}

impl<'a> AiCatalog<'a> {
    /// Creates the catalog of a connector whose host and port are `authority`, and whose server card is at `card_url`.
    #[must_use]
    pub fn new<H: 'static>(registry: &'a Registry<H>, authority: &str, card_url: String) -> Self {
        let operator = registry.page_settings().operator();
        Self {
            spec_version: "1.0",
            host: HostInfo { display_name: operator.map_or_else(|| registry.display_name(), |operator| operator.name) },
            entries: [CatalogEntry {
                identifier: registry.server_name(authority).urn(),
                media_type: SERVER_CARD_TYPE,
                url: card_url,
            }],
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::author::connector::Connector;

    #[test]
    fn an_ai_catalog_names_its_host_and_the_server_card() {
        for (connector, host, identifier) in [
            (Connector::<()>::new("notes", "1.0.0").title("Notes"), "Notes", "urn:air:mcp.example.com:mcp:notes"),
            (
                Connector::new("notes", "1.0.0").operated_by("Ada").registry_name("com.example/my-notes"),
                "Ada",
                "urn:air:example.com:mcp:my-notes",
            ),
        ] {
            let (registry, _) = Registry::new(connector);
            let card = "https://mcp.example.com/mcp/server-card".to_owned();
            assert_eq!(
                serde_json::to_value(AiCatalog::new(&registry, "mcp.example.com", card.clone())).unwrap(),
                json!({
                    "specVersion": "1.0",
                    "host": { "displayName": host },
                    "entries": [{ "identifier": identifier, "type": "application/mcp-server-card+json", "url": card }],
                })
            );
        }
    }
}
