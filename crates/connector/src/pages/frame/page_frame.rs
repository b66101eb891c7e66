//! What all pages of a connector share: the document around their content, with the connector's name, icon and colour and the
//! name of its operator; the style sheet; and the headers.

use std::cell::OnceCell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use mcp_connector_protocol::{AI_CATALOG_PATH, AI_CATALOG_TYPE, Icon, PageSettings, Rgb};

use crate::http::route::ACCOUNT_PATH;
use crate::pages::frame::icon::PageIcon;
use crate::pages::frame::palette;
use crate::pages::untrusted_text::{isolated, visible};

/// The style sheet of all connectors. An accent colour is added to it.
const STYLE: &str = concat!(
    include_str!("style/colours.css"),
    include_str!("style/page.css"),
    include_str!("style/form.css"),
    include_str!("style/sign_in.css"),
    include_str!("style/account.css"),
    include_str!("style/home.css"),
);

/// A page without its frame.
#[derive(Debug)]
pub(crate) struct Page {
    title: String,
    /// Holds the one `main` with the one `h1`.
    content: Markup,
    kind: PageKind,
    /// The text of the script of a page with a form, which speaks with an authenticator and asks no server.
    script: Option<&'static str>,
}

/// What a page does, as far as its Content Security Policy depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PageKind {
    /// The answer to its form is another page of this server.
    StaysHere,
    /// As [`StaysHere`](Self::StaysHere); a script sends the form, to this server and nobody else.
    SendsByScript {
        /// The text of the script.
        script: &'static str,
    },
    /// The answer to its form leads away, by a redirect: to the client or to an identity provider, and from there wherever
    /// those redirect.
    LeadsAway,
    /// It was asked for under a name that may be anybody's. It has nothing of the connector: neither its name nor a link on this host.
    Unframed,
    /// It is `/`: it names the connector in its heading, has no form, and runs a script, which asks this server and nobody
    /// else.
    Home {
        /// The text of the script.
        script: &'static str,
    },
}

/// The frame of a connector's pages.
#[derive(Debug)]
pub(crate) struct Frame {
    title: String,
    icon: PageIcon,
    account: AccountLink,
    operator: Option<(String, Option<String>)>,
    accent: Option<Rgb>,
    /// Made for the first page: most isolates never show one.
    style: OnceCell<Style>,
}

/// The style sheet of a connector.
#[derive(Debug)]
struct Style {
    text: String,
    /// Its source expression in a policy.
    source: String,
}

/// Whether this server has an account page, to which the foot of every page leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccountLink {
    /// People sign in here.
    Shown,
    /// Nobody signs in here.
    None,
}

impl Page {
    /// Creates a page. `content` has its `main`.
    pub(crate) fn new(title: impl Into<String>, content: Markup, kind: PageKind) -> Self {
        Self { title: title.into(), content, kind, script: None }
    }

    /// Adds a script, which the policy admits by its hash.
    pub(crate) const fn with_script(mut self, script: Option<&'static str>) -> Self {
        self.script = script;
        self
    }

    /// Creates a page with one card.
    pub(crate) fn card(title: impl Into<String>, content: &Markup, kind: PageKind) -> Self {
        Self::new(title, html! { main { div.card { (content) } } }, kind)
    }
}

impl PageKind {
    /// Returns the directives of the policy that depend on it.
    ///
    /// Chromium applies `form-action` to every redirect that follows a form (CSP 3 §6.4.1 leaves that open), also to those of
    /// other sites: the `https:` callback of a client that opens its application by `claude://`, a program on this machine that
    /// hands on to another port. No list can name those places, and a place that is missing leaves the person on a page that
    /// does nothing, with the code already spent. So a page whose form leads away has no such directive. Its forms still go
    /// to this server only: nothing on it is markup from outside, and it runs no scripts that could change them.
    fn directives(&self) -> Vec<String> {
        match self {
            Self::StaysHere | Self::Unframed => vec!["form-action 'self'".to_owned()],
            Self::LeadsAway => Vec::new(),
            Self::SendsByScript { script } => vec![
                "form-action 'self'".to_owned(),
                "connect-src 'self'".to_owned(),
                format!("script-src {}", hash_source(script)),
            ],
            Self::Home { script } => vec![
                "form-action 'none'".to_owned(),
                "connect-src 'self'".to_owned(),
                format!("script-src {}", hash_source(script)),
            ],
        }
    }
}

impl Frame {
    /// Creates the frame of a connector that people know as `title`.
    pub(crate) fn new(title: &str, icons: &[Icon], settings: &PageSettings, account: AccountLink) -> Self {
        let operator = settings.operator().map(|operator| (operator.name.to_owned(), operator.url.map(str::to_owned)));
        Self {
            title: title.to_owned(),
            icon: PageIcon::of(icons, title, settings.accent()),
            account,
            operator,
            accent: settings.accent(),
            style: OnceCell::new(),
        }
    }

    fn style(&self) -> &Style {
        self.style.get_or_init(|| Style::new(self.accent))
    }

    /// Returns the document of a page.
    pub(crate) fn document(&self, page: &Page) -> String {
        let is_framed = page.kind != PageKind::Unframed;
        let document = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="robots" content="noindex";
                    title { (visible(&page.title)) }
                    @if is_framed { link rel="icon" href=(self.icon.favicon()); } @else { link rel="icon" href="data:,"; }
                    // For agents that look at a site to find its tools (AI Catalog, "Link Relation Discovery").
                    @if matches!(page.kind, PageKind::Home { .. }) {
                        link rel="ai-catalog" type=(AI_CATALOG_TYPE) href=(AI_CATALOG_PATH);
                    }
                    style { (PreEscaped(&self.style().text)) }
                }
                body {
                    @if is_framed { (self.header()) }
                    (page.content)
                    @if is_framed { (self.footer()) }
                    @if let PageKind::Home { script } | PageKind::SendsByScript { script } = page.kind {
                        script { (PreEscaped(script)) }
                    }
                    @if let Some(script) = page.script { script { (PreEscaped(script)) } }
                }
            }
        };
        document.into_string()
    }

    /// Returns the headers of a page.
    ///
    /// Only `/` has a `Cross-Origin-Opener-Policy`: some clients open the sign-in in a popup, and the page that they get back in
    /// it speaks to its opener, which each value of that header cuts off. `Referrer-Policy` is not `no-referrer`: with that,
    /// browsers send `Origin: null` with our own forms, so that they look like forged ones.
    pub(crate) fn headers(&self, page: &Page) -> Vec<(&'static str, String)> {
        let mut policy = vec!["default-src 'none'".to_owned(), format!("style-src {}", self.style().source)];
        policy.push(format!("img-src {}", self.icon.sources()));
        policy.extend(["base-uri 'none'".to_owned(), "frame-ancestors 'none'".to_owned()]);
        policy.extend(page.kind.directives());
        policy.extend(page.script.map(|script| format!("script-src {}", hash_source(script))));
        let mut headers = vec![
            ("content-security-policy", policy.join("; ")),
            ("x-frame-options", "DENY".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
            ("referrer-policy", "same-origin".to_owned()),
            ("cache-control", "no-store".to_owned()),
        ];
        if matches!(page.kind, PageKind::Home { .. }) {
            headers.push(("cross-origin-opener-policy", "same-origin".to_owned()));
        }
        headers
    }

    /// Returns the head: the icon and the name, which lead to `/`.
    fn header(&self) -> Markup {
        html! { header.brand { a href="/" { (self.icon.picture()) (isolated(&self.title)) } } }
    }

    fn footer(&self) -> Markup {
        html! {
            footer {
                ul {
                    li { a href="/" { "About " (isolated(&self.title)) } }
                    @if self.account == AccountLink::Shown { li { a href=(ACCOUNT_PATH) { "Your account" } } }
                    @if let Some((name, url)) = &self.operator {
                        li {
                            "Run by "
                            @match url {
                                Some(url) => a href=(url) rel="noreferrer" { (isolated(name)) },
                                None => (isolated(name)),
                            }
                        }
                    }
                }
            }
        }
    }
}

impl Style {
    fn new(accent: Option<Rgb>) -> Self {
        let text = match accent {
            Some(accent) => [STYLE, &palette::rules(accent)].concat(),
            None => STYLE.to_owned(),
        };
        Self { source: hash_source(&text), text }
    }
}

/// Returns the source expression for an inline style or script (Content Security Policy Level 3 §2.3.1).
pub(crate) fn hash_source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use mcp_connector_protocol::{Registry, Theme};

    use super::*;
    use crate::author::Connector;
    use crate::pages::tests::{between, policy};

    fn frame(connector: Connector) -> Frame {
        let (registry, _) = Registry::new(connector);
        Frame::new(registry.display_name(), &registry.info().icons, registry.page_settings(), AccountLink::Shown)
    }

    fn connector() -> Connector {
        Connector::new("notes", "1").title("Notes & more")
    }

    fn page() -> Page {
        Page::card("A page", &html! { h1 { "A page" } }, PageKind::StaysHere)
    }

    #[test]
    fn a_page_names_its_connector_and_its_operator() {
        let shown = frame(connector().operated_by("Ada <Lovelace>").operator_url("https://ada.example/?a&b"));
        let document = shown.document(&page());
        let head = between(&document, "<header class=\"brand\">", "</header>");
        assert!(head.starts_with("<a href=\"/\">") && head.ends_with("<bdi>Notes &amp; more</bdi></a>"), "{head}");
        let link = "<a href=\"https://ada.example/?a&amp;b\" rel=\"noreferrer\"><bdi>Ada &lt;Lovelace&gt;</bdi></a>";
        let foot = between(&document, "<footer>", "</footer>");
        assert!(foot.contains(&format!("<li>Run by {link}</li>")), "{foot}");
        assert!(foot.contains("<a href=\"/\">About <bdi>Notes &amp; more</bdi></a>"), "{foot}");
        assert!(foot.contains("<a href=\"/account\">Your account</a>"), "{foot}");
        assert!(!frame(connector()).document(&page()).contains("Run by"));
        let wrong = frame(connector().operated_by("Ada").operator_url("javascript:alert(1)"));
        assert!(wrong.document(&page()).contains("<li>Run by <bdi>Ada</bdi></li>"));
        let public = Frame::new("Notes", &[], &PageSettings::default(), AccountLink::None);
        assert!(!public.document(&page()).contains("/account"), "nobody signs in here");
    }

    #[test]
    fn a_page_without_a_frame_has_nothing_of_its_connector() {
        let page = Page::card("A page", &html! { h1 { "A page" } }, PageKind::Unframed);
        let document = frame(connector().icon(Icon::new("https://cdn.example/icon.png"))).document(&page);
        for part in ["Notes", "href=\"/", "cdn.example", "<header", "<footer"] {
            assert!(!document.contains(part), "{part} in {document}");
        }
    }

    #[test]
    fn a_page_shows_the_icon_and_its_policy_admits_that_and_nothing_else() {
        let svg = Icon::svg("<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
        let remote = |theme| Icon::new("https://cdn.example/a/icon.png?v=1").theme(theme);
        let other = Icon::new("https://other.example/light.png").theme(Theme::Light);
        for (name, icons, sources) in [
            ("none, so that a letter is drawn", vec![], "data:"),
            ("embedded", vec![svg.clone()], "'self' data:"),
            ("remote", vec![remote(Theme::Light)], "'self' https://cdn.example"),
            ("one for each", vec![remote(Theme::Dark), svg.clone()], "'self' data: https://cdn.example"),
            ("both remote", vec![other, remote(Theme::Dark)], "'self' https://other.example https://cdn.example"),
            ("for dark pages only", vec![remote(Theme::Dark)], "'self' https://cdn.example"),
            ("no picture", vec![Icon::new("data:text/html,<script>")], "data:"),
        ] {
            let shown = frame(icons.into_iter().fold(connector(), Connector::icon));
            let policy = policy(&shown.headers(&page()));
            assert!(policy.contains(&format!("; img-src {sources}; ")), "{name}: {policy}");
            let document = shown.document(&page());
            assert_eq!(document.matches("<img ").count(), 1, "{name}");
            assert_eq!(document.matches("<link rel=\"icon\" href=\"").count(), 1, "{name}");
            assert_eq!(document.contains("<source "), sources.matches(' ').count() == 2, "{name}");
            assert_eq!(document.contains("href=\"/favicon.ico\""), sources.contains("'self'"), "{name}");
            assert!(!document.contains("text/html,"), "{name}");
        }
    }

    #[test]
    fn an_accent_colour_is_part_of_the_style_sheet_that_the_policy_admits() {
        for (connector, has_colour) in
            [(connector(), false), (connector().accent_color("#0a7"), true), (connector().accent_color("}*{"), false)]
        {
            let shown = frame(connector);
            let document = shown.document(&page());
            let style = between(&document, "<style>", "</style>");
            assert_eq!(style != STYLE, has_colour);
            let policy = policy(&shown.headers(&page()));
            assert!(policy.contains(&format!("style-src {};", hash_source(style))), "{policy}");
        }
    }
}
