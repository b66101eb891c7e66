//! `/`: what this connector is, and how a person adds it to the client they use. [`clients`] has the way for each client.
//!
//! Nothing on the page needs JavaScript. A short script shows the copy buttons and asks the connector whether it answers.

use maud::{Markup, html};

use crate::http::route::{ACCOUNT_PATH, McpEndpoint};
use crate::pages::frame::page_frame::{Page, PageKind};
use crate::pages::home::clients;
use crate::pages::home::clients::url_field;
use crate::pages::home::content::{Effect, HomeBinding, HomePage, Missing, ReachableFrom, SignInElsewhere};
use crate::pages::not_set_up::SET_PASSPHRASE;
use crate::pages::untrusted_text::{isolated, visible};

/// Shows the copy buttons and makes them work; shows whether the connector answers.
const SCRIPT: &str = include_str!("home.js");

/// Returns the page.
pub(crate) fn home(page: &HomePage<'_>) -> Page {
    let content = html! {
        main.wide {
            header {
                h1.name { (isolated(page.title)) }
                @if let Some(description) = page.description {
                    p.lead { (isolated(description)) }
                }
                (health(page))
            }
            @if let Some(missing) = page.missing.filter(|_| page.has_sign_in) {
                (still_missing(missing, page.reachable_from()))
            }
            @if !page.setting_errors.is_empty() {
                (unreadable(&page.setting_errors))
            }
            @if !page.missing_bindings.is_empty() {
                (unbound(&page.missing_bindings))
            }
            section.card aria-labelledby="connect" {
                h2 #connect { "Connect" }
                p { "Paste this URL into your client:" }
                (url_field("url", page.url, "URL of this connector"))
                (clients::list(page))
            }
            @if page.has_sign_in {
                (clients::two_urls(page))
            }
            @if let Some(elsewhere) = &page.sign_in_elsewhere {
                (sign_in_elsewhere(elsewhere))
            }
            (tools(page))
        }
    };
    Page::new(page.title, content, PageKind::Home { script: SCRIPT })
}

/// Says where people sign in, and for the owner what that server has to know.
fn sign_in_elsewhere(elsewhere: &SignInElsewhere<'_>) -> Markup {
    html! {
        section.card aria-labelledby="sign-in" {
            h2 #sign-in { "Sign-in" }
            p {
                "You sign in at " strong { (isolated(elsewhere.host)) } ", which keeps the sign-in of several connectors. There you also see and "
                a href=(ACCOUNT_PATH) { "end what your apps may do" } "."
            }
            details {
                summary { "For the owner: the item for CONNECTORS" }
                p { "The connector at " (isolated(elsewhere.host)) " has to name this one in its variable " code { "CONNECTORS" } ", a list of items like this:" }
                pre { code { (visible(&elsewhere.item)) } }
            }
        }
    }
}

fn still_missing(missing: Missing, from: ReachableFrom) -> Markup {
    html! {
        section.note aria-label="Still to do" {
            p {
                @match missing {
                    Missing::Passphrase => strong { "One thing is missing: a passphrase." },
                    Missing::StrongPassphrase => strong { "One thing is missing: a stronger passphrase." },
                }
                " Nobody can sign in until the owner sets it. Public tools work without. "
                @match from {
                    ReachableFrom::ThisMachine => "This command makes one and prints it:",
                    ReachableFrom::Internet => "This command sets it:",
                }
            }
            pre { code { @match from { ReachableFrom::ThisMachine => "npm start", ReachableFrom::Internet => (SET_PASSPHRASE) } } }
        }
    }
}

fn unreadable(errors: &[String]) -> Markup {
    html! {
        section.note aria-label="Settings to correct" {
            p { strong { "The owner must correct a setting." } " Everything else works." }
            ul {
                @for error in errors { li { (isolated(error)) "." } }
            }
        }
    }
}

fn unbound(bindings: &[HomeBinding]) -> Markup {
    html! {
        section.note aria-label="Bindings to add" {
            p { strong { "The owner must add lines to " code { "wrangler.toml" } " and deploy." } " Everything else works." }
            @for binding in bindings {
                p { (isolated(&binding.report)) ":" }
                pre { code { (visible(&binding.lines)) } }
            }
        }
    }
}

/// Returns the state of the connector: what is known when the page is made, and for the script where to ask whether the
/// connector answers and people can sign in.
fn health(page: &HomePage<'_>) -> Markup {
    let asks = page.has_account
        && page.missing.is_none()
        && page.setting_errors.is_empty()
        && page.missing_bindings.is_empty();
    let account = asks.then_some(ACCOUNT_PATH);
    html! {
        p.quiet.small {
            span.running aria-hidden="true" {}
            span #health data-asks=(McpEndpoint::Lazy.path()) data-account=[account] { "Running." }
            " Version " (visible(page.version)) "."
            @if page.has_account { " " a href=(ACCOUNT_PATH) { "Your connected apps" } }
        }
    }
}

fn tools(page: &HomePage<'_>) -> Markup {
    html! {
        section.card aria-labelledby="tools" {
            h2 #tools { "What it can do" }
            @if page.tools.is_empty() {
                p.quiet.last { "It has no tools yet." }
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

    use super::*;
    use crate::pages;
    use crate::pages::tests::{at_home, between, home, policy_of};

    #[test]
    fn the_policy_admits_the_script_that_the_page_has_and_no_other() {
        let page = home(&at_home());
        let script = between(&page, "<script>", "</script>");
        let hash = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, Sha256::digest(script));
        let policy = policy_of(&pages::home(&at_home()));
        assert!(policy.ends_with(&format!("; connect-src 'self'; script-src 'sha256-{hash}'")), "{policy}");
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
    fn a_setting_that_cannot_be_read_stands_there() {
        let error = "LOG must be all, errors or off; closed until that is corrected: the log of requests";
        let page = home(&HomePage { setting_errors: vec![error.to_owned()], ..at_home() });
        assert_eq!(between(&page, "Settings to correct\">", "</section>").matches(error).count(), 1, "{page}");
        assert!(!home(&at_home()).contains("Settings to correct"));
    }

    #[test]
    fn a_missing_binding_is_named_with_the_lines_to_add() {
        let lines = "[[durable_objects.bindings]]\nname = \"GRANTS\"\n";
        let grants = HomeBinding { report: "wrangler.toml does not bind GRANTS".to_owned(), lines: lines.to_owned() };
        let page = home(&HomePage { missing_bindings: vec![grants], ..at_home() });
        let note = between(&page, "Bindings to add\">", "</section>");
        assert!(note.contains("<bdi>wrangler.toml does not bind GRANTS</bdi>:"), "{note}");
        assert!(
            note.contains("<pre><code>[[durable_objects.bindings]]\nname = &quot;GRANTS&quot;\n</code></pre>"),
            "{note}"
        );
        assert!(!home(&at_home()).contains("Bindings to add"));
    }

    #[test]
    fn the_script_asks_the_connector_and_the_account_page_where_people_sign_in() {
        for (name, page, asks, account) in [
            ("all is well", at_home(), true, true),
            ("no passphrase", HomePage { missing: Some(Missing::Passphrase), ..at_home() }, false, true),
            ("somebody else's tokens", HomePage { has_account: false, ..at_home() }, false, false),
        ] {
            let page = home(&page);
            assert!(page.contains("<span id=\"health\" data-asks=\"/mcp\""), "{name}: {page}");
            assert_eq!(page.contains("data-account=\"/account\""), asks, "{name}");
            assert_eq!(page.contains("Your connected apps"), account, "{name}");
        }
    }

    #[test]
    fn a_connector_without_sign_in_says_nothing_about_it() {
        let page = HomePage { has_sign_in: false, has_account: false, missing: Some(Missing::Passphrase), ..at_home() };
        let page = home(&page);
        assert!(!page.contains("/private/mcp") && !page.contains("passphrase: a"), "{page}");
        assert!(!page.contains("Still to do"), "{page}");
    }
}
