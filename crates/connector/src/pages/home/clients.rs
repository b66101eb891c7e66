//! How each client adds a connector, for the page at `/`: a link where the client has one that takes name and URL, a command
//! where it runs in a terminal, and in words the way by hand.
//!
//! * Claude: the install link of its documentation for custom connectors ("Directory and custom connectors").
//! * Cursor: its deeplink with the entry of `mcp.json` in base64 ("MCP Install Links").
//! * VS Code: its URL handler with the entry as percent-encoded JSON ("Use MCP servers", URL handler).
//! * Claude Code and the Inspector: their own command lines. ChatGPT has no such link, only its settings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};

use mcp_connector_oauth::web::form::{percent_encoded, with_query};

use crate::pages::home::content::{HomePage, ReachableFrom};
use crate::pages::untrusted_text::visible;

const CLAUDE: &str = "https://claude.ai/customize/connectors";
const CURSOR: &str = "cursor://anysphere.cursor-deeplink/mcp/install";
const VS_CODE: &str = "vscode:mcp/install";
const CHATGPT_SETTINGS: &str = "https://chatgpt.com/#settings/Connectors";

/// Returns the name of a connector in a form that every command and configuration file takes: no spaces, and nothing that a shell
/// interprets.
pub(crate) fn name_in_commands(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let name: String = name.chars().map(plain).take(40).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "connector".to_owned() } else { name.to_owned() }
}

impl HomePage<'_> {
    fn claude(&self) -> String {
        let title = visible(self.title);
        let parameters = [("modal", "add-custom-connector"), ("connectorName", &*title), ("connectorUrl", self.url)];
        with_query(CLAUDE, &parameters)
    }

    // Neither the URL, which is canonical, nor the name for commands has a character that JSON would escape.

    fn cursor(&self, name: &str) -> String {
        let entry = STANDARD.encode(["{\"url\":\"", self.url, "\"}"].concat());
        with_query(CURSOR, &[("name", name), ("config", &entry)])
    }

    fn vs_code(&self, name: &str) -> String {
        let entry = ["{\"name\":\"", name, "\",\"type\":\"http\",\"url\":\"", self.url, "\"}"].concat();
        [VS_CODE, "?", &percent_encoded(&entry)].concat()
    }

    /// Returns the URL for ChatGPT. Where a call is refused by a status, ChatGPT never offers its sign-in, so it has to sign in when
    /// it connects.
    fn chatgpt_url(&self) -> &str {
        if self.has_sign_in && !self.challenges_in_result { self.private_url } else { self.url }
    }
}

/// Returns the list of clients, each with its way.
pub(crate) fn list(page: &HomePage<'_>) -> Markup {
    let (name, url) = (name_in_commands(page.name), page.url);
    let is_public = page.reachable_from() == ReachableFrom::Internet;
    html! {
        @if !is_public {
            p.note { "Only programs on this machine can reach this connector. Deploy it to use it from Claude’s apps or ChatGPT." }
        }
        dl.clients {
            @if is_public {
                div {
                    dt { "Claude" }
                    dd {
                        a.button.small.primary href=(page.claude()) { "Add to Claude" }
                        span.hint {
                            "Or by hand: Customize → Connectors → + → Add custom connector."
                            @if page.has_sign_in { " If it asks about sign-in, choose “Required when the server asks”." }
                        }
                    }
                }
            }
            div {
                dt { "Claude Code" }
                dd { (command("claude-code", &["claude mcp add --transport http ", &name, " ", url].concat(), "Claude Code")) }
            }
            @if is_public {
                div {
                    dt { "ChatGPT" }
                    dd {
                        a.button.small href=(CHATGPT_SETTINGS) { "Open ChatGPT’s settings" }
                        span.hint {
                            "Under Advanced settings turn on Developer mode. Then Create, and paste "
                            @if page.chatgpt_url() == url { "the URL." } @else { "the second URL, below." }
                        }
                    }
                }
            }
            div {
                dt { "Cursor" }
                dd {
                    a.button.small href=(page.cursor(&name)) { "Add to Cursor" }
                    span.hint { "Or in " code { "~/.cursor/mcp.json" } ": " code { "{\"mcpServers\":{\"" (name) "\":{\"url\":\"" (url) "\"}}}" } }
                }
            }
            div {
                dt { "VS Code" }
                dd {
                    a.button.small href=(page.vs_code(&name)) { "Add to VS Code" }
                    span.hint { "Or by hand: Command Palette → MCP: Add Server → HTTP." }
                }
            }
            div {
                dt { "Inspector" }
                dd { (command("inspector", &["npx @modelcontextprotocol/inspector --transport http --server-url ", url].concat(), "the Inspector")) }
            }
        }
    }
}

/// Returns the part about the second URL, and which clients need it.
pub(crate) fn two_urls(page: &HomePage<'_>) -> Markup {
    let chatgpt_late = page.chatgpt_url() == page.url;
    html! {
        section.card aria-labelledby="private" {
            h2 #private { "A second URL, for clients that sign in when they connect" }
            p {
                "With the URL above, everybody can use the public tools, and a client signs in when a tool needs it. That suits "
                "Claude, Claude Code, Cursor, VS Code" @if chatgpt_late { ", ChatGPT" } " and the Inspector."
            }
            p {
                "Some clients can sign in only while they connect: "
                @if !chatgpt_late { "ChatGPT, " }
                "Grok, LibreChat and the Workers AI playground. Give them this URL, which asks everybody to sign in:"
            }
            (url_field("private-url", page.private_url, "URL that asks for sign-in at once"))
        }
    }
}

/// Returns a field with a URL to copy.
pub(crate) fn url_field(id: &str, url: &str, label: &str) -> Markup {
    html! {
        div.url {
            // A text area, because it wraps: on a phone the whole URL can be read.
            textarea id=(id) readonly rows="1" spellcheck="false" aria-label=(label) { (url) }
            (copy_button(id, label))
        }
    }
}

fn command(id: &str, command: &str, client: &str) -> Markup {
    html! {
        div.command {
            code id=(id) {
                // A line does not break inside of an option.
                @for (at, word) in command.split(' ').enumerate() {
                    @if at > 0 { " " }
                    @if word.starts_with('-') { span.option { (word) } } @else { (word) }
                }
            }
            (copy_button(id, &["command for ", client].concat()))
        }
    }
}

/// Returns a button that stays hidden until the script has found that it can copy.
fn copy_button(id: &str, what: &str) -> Markup {
    html! {
        button type="button" hidden data-copies=(id) aria-label={ "Copy the " (what) } { "Copy" }
        span.quiet.small role="status" {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::tests::{at_home, home};

    #[test]
    fn commands_have_a_name_that_no_shell_and_no_json_reads_otherwise() {
        for (name, in_commands) in [
            ("notes", "notes"),
            ("my_notes-2", "my_notes-2"),
            ("My Notes", "My-Notes"),
            ("a;rm -rf $(x)", "a-rm--rf---x"),
            ("\"}'`\\n", "n"),
            ("--flag", "flag"),
            ("日本", "connector"),
            ("", "connector"),
        ] {
            let page = home(&HomePage { name, ..at_home() });
            let command = format!(
                ">claude mcp add <span class=\"option\">--transport</span> http {in_commands} https://mcp.example.com/mcp</code>"
            );
            assert!(page.contains(&command), "{name:?}: {page}");
        }
    }

    #[test]
    fn each_link_is_in_the_form_that_its_client_reads() {
        let page = home(&HomePage { title: "My notes & \u{202E}more", ..at_home() });
        for (client, link) in [
            (
                "Claude",
                "https://claude.ai/customize/connectors?modal=add-custom-connector&amp;connectorName=My%20notes%20%26%20more&amp;\
                connectorUrl=https%3A%2F%2Fmcp.example.com%2Fmcp",
            ),
            // base64 of {"url":"https://mcp.example.com/mcp"}
            (
                "Cursor",
                "cursor://anysphere.cursor-deeplink/mcp/install?name=notes&amp;\
                config=eyJ1cmwiOiJodHRwczovL21jcC5leGFtcGxlLmNvbS9tY3AifQ%3D%3D",
            ),
            // {"name":"notes","type":"http","url":"https://mcp.example.com/mcp"}
            (
                "VS Code",
                "vscode:mcp/install?%7B%22name%22%3A%22notes%22%2C%22type%22%3A%22http%22%2C%22url%22%3A%22\
                https%3A%2F%2Fmcp.example.com%2Fmcp%22%7D",
            ),
            ("ChatGPT", "https://chatgpt.com/#settings/Connectors"),
        ] {
            assert!(page.contains(&format!(" href=\"{link}\"")), "{client}: {page}");
        }
    }

    #[test]
    fn what_only_this_machine_reaches_is_not_offered_to_the_web() {
        let page = home(&HomePage { url: "http://127.0.0.1:8787/mcp", ..at_home() });
        assert!(!page.contains("claude.ai") && !page.contains("chatgpt.com"), "{page}");
        assert!(page.contains("cursor://") && page.contains("vscode:") && page.contains("claude mcp add"), "{page}");
    }

    #[test]
    fn chatgpt_gets_the_url_at_which_it_can_sign_in() {
        for (page, second) in [
            (at_home(), true),
            (HomePage { challenges_in_result: true, ..at_home() }, false),
            (HomePage { has_sign_in: false, ..at_home() }, false),
        ] {
            assert_eq!(home(&page).contains("paste the second URL"), second, "{page:?}");
        }
    }
}
