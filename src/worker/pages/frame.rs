//! What all pages have in common: the document around them, the style sheet, and the headers that go with them.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

/// The one style sheet.
const STYLE: &str = include_str!("style.css");

/// Computed, so that whoever changes the style sheet has nothing else to change.
static STYLE_SOURCE: LazyLock<String> = LazyLock::new(|| hash_source(STYLE));

/// The source expression for an inline style or script (Content Security Policy Level 3 §2.3.1).
pub(super) fn hash_source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// A whole document. `content` has the one `h1`.
pub(super) fn document(title: &str, content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (super::foreign::visible(title)) }
                style { (PreEscaped(STYLE)) }
            }
            body { (content) }
        }
    };
    page.into_string()
}

/// A document with one card.
pub(super) fn card(title: &str, content: &Markup) -> String {
    document(title, &html! { main { div.card { (content) } } })
}

/// The headers of a page whose form leads back to this server and from there to one of `form_action`.
///
/// Browsers hold a form to `form-action` through all the redirects that answer it, and the callbacks of real clients lead on
/// to further sites: those would end in a page on which nothing happens. So any `https:` is admitted after a sign-in, and
/// beside it only the place that was consented to.
///
/// There is no `Cross-Origin-Opener-Policy`: some clients open the sign-in in a popup, and the page that they get back in it
/// speaks to its opener, which each value of that header cuts off. `Referrer-Policy` is not `no-referrer`: with that, browsers
/// send `Origin: null` with our own forms, so that they look like forged ones.
pub(crate) fn headers(form_action: &[&str]) -> Vec<(&'static str, String)> {
    let further = if form_action.is_empty() { "" } else { " https:" };
    with_policy(&format!("form-action 'self'{further}{}", sources(form_action)))
}

fn sources(form_action: &[&str]) -> String {
    let separates = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ';' | ',') || !c.is_ascii();
    let mut sources = String::new();
    // What would end the directive is left out: then the browser refuses the redirect, and nothing else changes. What
    // `https:` admits already need not be repeated.
    for source in form_action
        .iter()
        .filter(|source| !source.is_empty() && !source.contains(separates) && !source.starts_with("https:"))
    {
        sources.push(' ');
        sources.push_str(source);
    }
    sources
}

/// The headers of a page, with `more` in its Content Security Policy.
pub(super) fn with_policy(more: &str) -> Vec<(&'static str, String)> {
    let style = &*STYLE_SOURCE;
    vec![
        (
            "content-security-policy",
            format!("default-src 'none'; style-src {style}; base-uri 'none'; frame-ancestors 'none'; {more}"),
        ),
        ("x-frame-options", "DENY".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
        ("referrer-policy", "same-origin".to_owned()),
        ("cache-control", "no-store".to_owned()),
    ]
}
