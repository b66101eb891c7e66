//! `/`: what this connector is, and how a person adds it to the client they use. Nothing on it needs JavaScript; a script of a
//! few lines adds the copy buttons.

use std::sync::LazyLock;

use maud::{Markup, PreEscaped, html};

use crate::oauth::passphrase::WeakPassphrase;

use super::foreign::{isolated, visible};
use super::frame::{document, hash_source, with_policy};
use super::not_set_up::SET_PASSPHRASE;

/// Shows the copy buttons and makes them copy.
const SCRIPT: &str = include_str!("home.js");

static SCRIPT_SOURCE: LazyLock<String> = LazyLock::new(|| hash_source(SCRIPT));

/// What the page says.
#[derive(Clone, Debug)]
pub(crate) struct HomePage<'a> {
    /// What the connector is called in commands.
    pub(crate) name: &'a str,
    /// What it is called for people.
    pub(crate) title: &'a str,
    /// What it is, in a sentence.
    pub(crate) description: Option<&'a str>,
    /// Its own version.
    pub(crate) version: &'a str,
    /// The URL to paste.
    pub(crate) url: &'a str,
    /// The URL that asks for sign-in at once.
    pub(crate) private_url: &'a str,
    /// What it can do, in the author's order.
    pub(crate) tools: Vec<HomeTool<'a>>,
    /// Whether anything here is for people who signed in.
    pub(crate) has_sign_in: bool,
    /// What has to be done before somebody can sign in.
    pub(crate) missing: Option<Missing>,
}

/// One tool, in words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HomeTool<'a> {
    /// Its name for people.
    pub(crate) title: &'a str,
    /// What it does.
    pub(crate) description: &'a str,
    /// Whether one has to sign in for it.
    pub(crate) needs_sign_in: bool,
    /// What it does to the world.
    pub(crate) effect: Effect,
}

/// What a tool does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It changes nothing.
    Reads,
    /// It adds something.
    Adds,
    /// It may delete or overwrite.
    Deletes,
    /// Its author does not say.
    Unsaid,
}

/// The one thing that is still missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// No passphrase is set.
    Passphrase,
    /// The one that is set is too weak.
    StrongPassphrase,
}

impl Missing {
    /// What is wrong with the passphrase, in the words of this page.
    pub(crate) fn of(weakness: WeakPassphrase) -> Self {
        match weakness {
            WeakPassphrase::Missing => Self::Passphrase,
            WeakPassphrase::TooShort | WeakPassphrase::TooLong | WeakPassphrase::Guessable => Self::StrongPassphrase,
        }
    }
}

/// The page.
pub(crate) fn home(page: &HomePage<'_>) -> String {
    let content = html! {
        main.wide {
            header {
                h1.name { (isolated(page.title)) }
                @if let Some(description) = page.description {
                    p.lead { (isolated(description)) }
                }
                p.quiet.small { span.running aria-hidden="true" {} "Running. Version " (visible(page.version)) "." }
            }
            @if let Some(missing) = page.missing.filter(|_| page.has_sign_in) {
                (still_missing(missing, page.is_local()))
            }
            section.card aria-labelledby="connect" {
                h2 #connect { "Connect" }
                p { "Paste this URL into your client:" }
                (url_field("url", page.url, "URL of this connector"))
                (clients(page))
            }
            @if page.has_sign_in {
                (two_urls(page))
            }
            (tools(page))
        }
        script { (PreEscaped(SCRIPT)) }
    };
    document(page.title, &content)
}

/// The headers of the page. It has no form, and nobody opens it as a popup.
pub(crate) fn home_headers() -> Vec<(&'static str, String)> {
    let mut headers = with_policy(&format!("form-action 'none'; script-src {}", *SCRIPT_SOURCE));
    headers.push(("cross-origin-opener-policy", "same-origin".to_owned()));
    headers
}

impl HomePage<'_> {
    /// Only this machine can reach it.
    fn is_local(&self) -> bool {
        self.url.starts_with("http://")
    }

    /// The name as commands and configuration files take it everywhere: no spaces, nothing that a shell would read.
    fn name_in_commands(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
        let name: String = self.name.chars().map(plain).take(40).collect();
        let name = name.trim_matches('-');
        if name.is_empty() { "connector".to_owned() } else { name.to_owned() }
    }
}

fn still_missing(missing: Missing, local: bool) -> Markup {
    html! {
        section.note aria-label="Still to do" {
            p {
                @match missing {
                    Missing::Passphrase => strong { "One thing is missing: a passphrase." },
                    Missing::StrongPassphrase => strong { "One thing is missing: a stronger passphrase." },
                }
                " Until its owner sets one, nobody can sign in. Public tools work. "
                @if local { "This makes one and prints it:" } @else { "This sets it:" }
            }
            pre { code { @if local { "npm start" } @else { (SET_PASSPHRASE) } } }
        }
    }
}

fn url_field(id: &str, url: &str, label: &str) -> Markup {
    html! {
        div.url {
            // A text area, because it wraps: on a phone the whole URL can be read.
            textarea id=(id) readonly rows="1" spellcheck="false" aria-label=(label) { (url) }
            button type="button" hidden data-copies=(id) aria-label={ "Copy the " (label) } { "Copy" }
            span.quiet.small role="status" {}
        }
    }
}

fn clients(page: &HomePage<'_>) -> Markup {
    let (name, url) = (page.name_in_commands(), page.url);
    html! {
        @if page.is_local() {
            p.note { "It runs on your machine: Claude and ChatGPT on the web cannot reach it before you deploy it. Programs on this machine can." }
        }
        dl.clients {
            div {
                dt { "Claude" }
                dd {
                    "Customize → Connectors → + → Add custom connector. Paste the URL."
                    @if page.has_sign_in { " If it asks about sign-in, choose “Required when the server asks”." }
                }
            }
            div {
                dt { "Claude Code" }
                dd { code { "claude mcp add --transport http " (name) " " (url) } }
            }
            div {
                dt { "ChatGPT" }
                dd { "Settings → Apps → Advanced settings: turn on Developer mode. Then Create app, and paste the URL." }
            }
            div {
                dt { "Cursor" }
                dd { "In " code { "~/.cursor/mcp.json" } ": " code { "{\"mcpServers\":{\"" (name) "\":{\"url\":\"" (url) "\"}}}" } }
            }
            div {
                dt { "VS Code" }
                dd { "Command Palette → MCP: Add Server → HTTP. Paste the URL." }
            }
            div {
                dt { "Inspector" }
                dd { code { "npx @modelcontextprotocol/inspector" } " → Streamable HTTP. Paste the URL." }
            }
        }
    }
}

fn two_urls(page: &HomePage<'_>) -> Markup {
    html! {
        section.card aria-labelledby="private" {
            h2 #private { "If your client never asks you to sign in" }
            p {
                "The URL above lets everybody use the public tools and asks for sign-in when a tool needs it. Some clients can "
                "only sign in while they connect: Grok, LibreChat, the Workers AI playground. Give those this one:"
            }
            (url_field("private-url", page.private_url, "URL that asks for sign-in at once"))
        }
    }
}

fn tools(page: &HomePage<'_>) -> Markup {
    html! {
        section.card aria-labelledby="tools" {
            h2 #tools { "What it can do" }
            @if page.tools.is_empty() {
                p.quiet.last { "Nothing yet: it has no tools." }
            } @else {
                ul.tools {
                    @for tool in &page.tools {
                        li {
                            h3 { (isolated(tool.title)) }
                            p.marks {
                                @if tool.needs_sign_in { span.mark { "Sign-in" } } @else { span.mark.open { "Public" } }
                                " " (effect(tool.effect))
                            }
                            p { (isolated(tool.description)) }
                        }
                    }
                }
            }
        }
    }
}

fn effect(effect: Effect) -> Markup {
    html! {
        @match effect {
            Effect::Reads => span.mark { "Reads" },
            Effect::Adds => span.mark { "Writes" },
            Effect::Deletes => span.mark.warn { "Can delete" },
            Effect::Unsaid => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::super::tests::{at_home, between, policy};
    use super::*;

    #[test]
    fn the_policy_admits_the_script_that_the_page_has_and_no_other() {
        let page = home(&at_home());
        let script = between(&page, "<script>", "</script>");
        let hash = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, Sha256::digest(script));
        let policy = policy(&home_headers());
        assert!(policy.ends_with(&format!("; script-src 'sha256-{hash}'")), "{policy}");
        assert!(policy.starts_with("default-src 'none'; ") && policy.contains("form-action 'none'"), "{policy}");
    }

    #[test]
    fn without_the_script_there_is_the_url_and_no_button_that_does_nothing() {
        let page = home(&at_home());
        assert!(page.contains(">https://mcp.example.com/mcp</textarea>"), "{page}");
        assert_eq!(page.matches("<button").count(), page.matches("<button type=\"button\" hidden ").count());
    }

    #[test]
    fn each_tool_says_whether_it_needs_sign_in_and_what_it_does() {
        let page = home(&at_home());
        let tools = between(&page, "<ul class=\"tools\">", "</ul>");
        let marks: Vec<&str> = tools.split("<li>").skip(1).map(|tool| between(tool, "marks\">", "</p>")).collect();
        for (marks, words) in marks.iter().zip([
            &["Public", "Reads"][..],
            &["Sign-in", "Writes"],
            &["Sign-in", "Can delete"],
            &["Public"],
        ]) {
            assert_eq!(marks.matches("<span").count(), words.len(), "{marks}");
            assert!(words.iter().all(|word| marks.contains(&format!(">{word}</span>"))), "{words:?} in {marks}");
        }
        assert_eq!(marks.len(), 4);
    }

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
            let command = format!("claude mcp add --transport http {in_commands} https://mcp.example.com/mcp<");
            assert!(page.contains(&command), "{name:?}");
        }
    }

    #[test]
    fn what_is_missing_stands_there_with_the_command_that_helps_where_it_runs() {
        let command = |missing, url| {
            let page = home(&HomePage { url, missing, ..at_home() });
            page.contains("Still to do").then(|| between(&page, "<pre><code>", "</code></pre>").to_owned())
        };
        let (deployed, local) = ("https://mcp.example.com/mcp", "http://localhost:8787/mcp");
        assert_eq!(command(None, deployed), None);
        for missing in [Missing::Passphrase, Missing::StrongPassphrase] {
            assert_eq!(command(Some(missing), deployed).as_deref(), Some(SET_PASSPHRASE));
            assert_eq!(command(Some(missing), local).as_deref(), Some("npm start"));
        }
    }

    #[test]
    fn a_connector_without_sign_in_says_nothing_about_it() {
        let page = HomePage { has_sign_in: false, missing: Some(Missing::Passphrase), ..at_home() };
        let page = home(&page);
        assert!(!page.contains("/private/mcp") && !page.contains("passphrase: a"), "{page}");
        assert!(!page.contains("Still to do"), "{page}");
    }
}
