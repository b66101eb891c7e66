//! The page that shows a new access key, once, with lines that are ready to be pasted.

use maud::html;

use crate::pages::components::entry::Facts;
use crate::pages::components::secret::Secret;
use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::home::clients::name_in_commands;
use crate::pages::untrusted_text::isolated;
use crate::pages::when::day;
use mcp_connector_base::timestamp::Timestamp;

/// What the page says.
#[derive(Clone, Copy)]
pub(crate) struct AccessKeyMade<'a> {
    /// The name of the key.
    pub(crate) name: &'a str,
    /// The key.
    pub(crate) text: &'a str,
    /// When it ends.
    pub(crate) ends_at: Timestamp,
    /// The name of the connector.
    pub(crate) connector: &'a str,
    /// The URL of the endpoint that the key is for.
    pub(crate) url: &'a str,
    /// The header that takes keys beside `Authorization`.
    pub(crate) key_header: &'a str,
    /// Where the account page is.
    pub(crate) back: &'a str,
}

/// Returns the page.
pub(crate) fn access_key_made(page: &AccessKeyMade<'_>) -> Page {
    let content = html! {
        main.wide {
            section.card {
                h1 { "Access key " (isolated(page.name)) }
                (secret(page))
                (Facts::new().fact("Endpoint", isolated(page.url)).fact("Ends", day(page.ends_at)))
                p { "Anyone with this key can do what you have allowed, until it ends. Keep it where passwords are kept." }
                p.last { a.button.primary href=(page.back) { "I have copied it" } }
            }
        }
    };
    Page::new("Access key", content, PageKind::StaysHere)
}

fn secret<'a>(page: &AccessKeyMade<'a>) -> Secret<'a> {
    let (name, url, key) = (name_in_commands(page.connector), page.url, page.text);
    Secret::new("Your key", key)
        .line("Claude: the connector’s settings, request headers", format!("Authorization: Bearer {key}"))
        .line(
            "Claude Code",
            format!("claude mcp add --transport http {name} {url} --header \"Authorization: Bearer {key}\""),
        )
        .line("Cursor: ~/.cursor/mcp.json", cursor(&name, url, key))
        .line("VS Code: .vscode/mcp.json, which asks for the key once", vs_code(&name, url))
        .line(
            "n8n: MCP Client",
            format!(
                "Endpoint: {url}\nServer Transport: HTTP Streamable\nAuthentication: Bearer Auth\nBearer Token: {key}"
            ),
        )
        .line("curl", curl(url, key))
        .line("Anything that takes a header of its own", format!("{}: {key}", page.key_header))
}

// The name, the URL, which is canonical, and the key have no character that JSON would escape. Written by hand, the members are in the
// order in which the documentation of the clients has them.

fn cursor(name: &str, url: &str, key: &str) -> String {
    [
        "{\n  \"mcpServers\": {\n    \"",
        name,
        "\": {\n      \"url\": \"",
        url,
        "\",\n      \"headers\": { \"Authorization\": \"Bearer ",
        key,
        "\" }\n    }\n  }\n}",
    ]
    .concat()
}

fn vs_code(name: &str, url: &str) -> String {
    [
        "{\n  \"inputs\": [\n    { \"type\": \"promptString\", \"id\": \"",
        name,
        "-key\", \"description\": \"Access key\", \"password\": true }\n  ],\n  \"servers\": {\n    \"",
        name,
        "\": {\n      \"type\": \"http\",\n      \"url\": \"",
        url,
        "\",\n      \"headers\": { \"Authorization\": \"Bearer ${input:",
        name,
        "-key}\" }\n    }\n  }\n}",
    ]
    .concat()
}

fn curl(url: &str, key: &str) -> String {
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    format!(
        "curl {url} \\\n  -H 'Authorization: Bearer {key}' \\\n  -H 'Content-Type: application/json' \\\n  \
         -H 'Accept: application/json, text/event-stream' \\\n  -d '{list}'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::tests::key_made;

    #[test]
    fn each_line_can_be_pasted_as_it_is() {
        let page = key_made();
        let parsed = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();
        let cursor = parsed(cursor("notes", page.url, page.text));
        let server = &cursor["mcpServers"]["notes"];
        assert_eq!(server["headers"]["Authorization"], format!("Bearer {}", page.text));
        assert_eq!(server["url"], page.url);
        let code = parsed(vs_code("notes", page.url));
        assert_eq!(code["servers"]["notes"]["headers"]["Authorization"], "Bearer ${input:notes-key}");
        assert_eq!(code["servers"]["notes"]["type"], "http");
        assert_eq!((&code["inputs"][0]["id"], &code["inputs"][0]["password"]), (&"notes-key".into(), &true.into()));
        assert!(!code.to_string().contains(page.text), "this file is committed");
    }
}
