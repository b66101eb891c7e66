//! The server card (SEP-2127, "MCP Server Cards"): what the server is and where it is reached, for clients that have not
//! connected yet. It says nothing of tools, resources and prompts, and nothing that depends on who asks.

use serde::Serialize;

use crate::author::registry::Registry;
use crate::discovery::server_name::ServerName;
use crate::types::icon::Icon;
use crate::types::version::ProtocolVersion;

/// The media type of a server card.
pub const SERVER_CARD_TYPE: &str = "application/mcp-server-card+json";
/// Where the card of an endpoint is: its own path, and this.
pub const SERVER_CARD_SUFFIX: &str = "/server-card";

const SCHEMA: &str = "https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json";
/// Maximum length of a title and of a description, in characters.
const MAX_TEXT: usize = 100;
/// Maximum length of a version, in characters.
const MAX_VERSION: usize = 255;

/// The card of a server.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerCard<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    name: ServerName,
    version: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    website_url: String,
    #[serde(skip_serializing_if = "<[Icon]>::is_empty")]
    icons: &'a [Icon],
    remotes: Vec<Remote>,
}

/// A URL at which a server is reached.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Remote {
    #[serde(rename = "type")]
    transport: RemoteTransport,
    url: String,
    supported_protocol_versions: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum RemoteTransport {
    StreamableHttp,
    Sse,
}

impl Remote {
    /// Returns an endpoint that speaks Streamable HTTP.
    #[must_use]
    pub fn streamable_http(url: &str) -> Self {
        let versions = ProtocolVersion::STREAMABLE_HTTP.map(ProtocolVersion::as_str);
        Self {
            transport: RemoteTransport::StreamableHttp,
            url: url.to_owned(),
            supported_protocol_versions: versions.to_vec(),
        }
    }

    /// Returns an endpoint that speaks the transport of 2024-11-05.
    #[must_use]
    pub fn sse(url: &str) -> Self {
        Self {
            transport: RemoteTransport::Sse,
            url: url.to_owned(),
            supported_protocol_versions: ProtocolVersion::HTTP_SSE.map(ProtocolVersion::as_str).to_vec(),
        }
    }
}

impl<'a> ServerCard<'a> {
    /// Creates the card of a connector that is served at `origin`, whose host and port are `authority`. A client that reads the
    /// card tries the `remotes` in their order.
    #[must_use]
    pub fn new<H: 'static>(registry: &'a Registry<H>, origin: &str, authority: &str, remotes: Vec<Remote>) -> Self {
        let info = registry.info();
        let website = info.website_url.as_deref().filter(|url| url.starts_with("https://"));
        let described = info.description.as_deref().map(str::trim).filter(|text| !text.is_empty());
        Self {
            schema: SCHEMA,
            name: registry.server_name(authority),
            version: info.version.chars().take(MAX_VERSION).collect(),
            description: match described {
                Some(text) => shortened(text),
                None => shortened(&format!("{}: a remote MCP server", registry.display_name())),
            },
            title: info.title.as_deref().map(str::trim).filter(|title| !title.is_empty()).map(shortened),
            website_url: website.map_or_else(|| format!("{origin}/"), str::to_owned),
            icons: &info.icons,
            remotes,
        }
    }
}

/// Returns the text with at most as many characters as a card takes, cut between two words.
fn shortened(text: &str) -> String {
    if text.chars().count() <= MAX_TEXT {
        return text.to_owned();
    }
    let start: String = text.chars().take(MAX_TEXT - 1).collect();
    let words = start.rsplit_once(char::is_whitespace).map_or(start.as_str(), |(words, _)| words);
    format!("{}…", words.trim_end())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::author::connector::Connector;
    use crate::types::icon::Theme;
    use mcp_connector_schema::Schema;

    const AUTHORITY: &str = "mcp.example.com";
    const ORIGIN: &str = "https://mcp.example.com";

    /// The card of a connector, which the official schema accepts.
    fn card(connector: Connector<()>, remotes: Vec<Remote>) -> Value {
        let (registry, _) = Registry::new(connector);
        let card = serde_json::to_value(ServerCard::new(&registry, ORIGIN, AUTHORITY, remotes)).unwrap();
        let mut schema: Value =
            serde_json::from_str(include_str!("../../../../tests/support/schema/server-card.json")).unwrap();
        schema["$ref"] = json!("#/$defs/ServerCard");
        let violations = Schema::compile(&schema).unwrap().validate(&card);
        assert!(violations.is_ok(), "{violations:?} in {card:#}");
        card
    }

    #[test]
    fn a_server_card_says_what_the_connector_is_and_where() {
        let connector = Connector::new("notes", "1.2.0")
            .title("Notes")
            .description("Keeps short notes.")
            .website("https://example.com/notes")
            .registry_name("com.example/notes")
            .icon(Icon::new("https://example.com/i.png").mime_type("image/png").size("48x48").theme(Theme::Dark));
        let remotes =
            vec![Remote::streamable_http("https://mcp.example.com/mcp"), Remote::sse("https://mcp.example.com/sse")];
        assert_eq!(
            card(connector, remotes),
            json!({
                "$schema": SCHEMA,
                "name": "com.example/notes",
                "version": "1.2.0",
                "title": "Notes",
                "description": "Keeps short notes.",
                "websiteUrl": "https://example.com/notes",
                "icons": [{ "src": "https://example.com/i.png", "mimeType": "image/png", "sizes": ["48x48"], "theme": "dark" }],
                "remotes": [
                    {
                        "type": "streamable-http",
                        "url": "https://mcp.example.com/mcp",
                        "supportedProtocolVersions": ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"],
                    },
                    {
                        "type": "sse",
                        "url": "https://mcp.example.com/sse",
                        "supportedProtocolVersions": ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"],
                    },
                ],
            })
        );
    }

    #[test]
    fn a_server_card_has_what_is_required_of_a_connector_that_says_nothing_of_itself() {
        let found = card(Connector::new("notes", "1.0.0").website("ftp://x").registry_name("notes"), Vec::new());
        assert_eq!(
            found,
            json!({
                "$schema": SCHEMA,
                "name": "com.example.mcp/notes",
                "version": "1.0.0",
                "description": "notes: a remote MCP server",
                "websiteUrl": "https://mcp.example.com/",
                "remotes": [],
            })
        );
    }

    #[test]
    fn a_server_card_has_a_description_of_at_most_100_characters() {
        let exact = "ü".repeat(100);
        for (text, want) in [
            (exact.clone(), exact.clone()),
            (format!("{exact}ü"), format!("{}…", "ü".repeat(99))),
            (format!("{} {}", "a".repeat(60), "b".repeat(60)), format!("{}…", "a".repeat(60))),
        ] {
            assert_eq!(card(Connector::new("n", "1").description(text.as_str()), Vec::new())["description"], want);
        }
        let long = card(Connector::new("n", "v".repeat(300)).title(&exact).title(format!("{exact}x")), Vec::new());
        assert_eq!(long["title"].as_str().unwrap().chars().count(), 100);
        assert_eq!(long["version"].as_str().unwrap().len(), 255);
    }
}
