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
pub(crate) fn hash_source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// A whole document. `content` has the one `h1`.
pub(crate) fn document(title: &str, content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (crate::pages::untrusted_text::visible(title)) }
                style { (PreEscaped(STYLE)) }
            }
            body { (content) }
        }
    };
    page.into_string()
}

/// A document with one card.
pub(crate) fn card(title: &str, content: &Markup) -> String {
    document(title, &html! { main { div.card { (content) } } })
}

/// Where the answer to a form of a page may lead the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormAnswer {
    /// To another page of this server, and nowhere else.
    StaysHere,
    /// Away, by a redirect: to the client or to an identity provider, and from there wherever those redirect.
    LeadsAway,
}

impl FormAnswer {
    /// Returns what of the Content Security Policy depends on it.
    ///
    /// Chromium applies `form-action` to every redirect that follows a form (CSP 3 §6.4.1 leaves that open), also to those of
    /// other sites: the `https:` callback of a client that opens its application by `claude://`, a program on this machine that
    /// hands on to another port. No list can name those places, and a place that is missing leaves the person on a page that
    /// does nothing, with the code already spent. So a page whose form leads away has no such directive. Its forms still go
    /// to this server only: nothing on it is markup from outside, and it runs no scripts that could change them.
    const fn directives(self) -> &'static [&'static str] {
        match self {
            Self::StaysHere => &["form-action 'self'"],
            Self::LeadsAway => &[],
        }
    }
}

/// Returns the headers of a page whose forms are answered so.
///
/// There is no `Cross-Origin-Opener-Policy`: some clients open the sign-in in a popup, and the page that they get back in it
/// speaks to its opener, which each value of that header cuts off. `Referrer-Policy` is not `no-referrer`: with that, browsers
/// send `Origin: null` with our own forms, so that they look like forged ones.
pub(crate) fn headers(form: FormAnswer) -> Vec<(&'static str, String)> {
    with_policy(form.directives())
}

/// Returns the headers of a page, with `more` directives in its Content Security Policy.
pub(crate) fn with_policy(more: &[&str]) -> Vec<(&'static str, String)> {
    let style = format!("style-src {}", *STYLE_SOURCE);
    let policy = [&["default-src 'none'", &style, "base-uri 'none'", "frame-ancestors 'none'"], more].concat();
    vec![
        ("content-security-policy", policy.join("; ")),
        ("x-frame-options", "DENY".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
        ("referrer-policy", "same-origin".to_owned()),
        ("cache-control", "no-store".to_owned()),
    ]
}
