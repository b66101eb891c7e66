//! Views: pages that a host shows beside a tool's result (MCP Apps, `io.modelcontextprotocol/ui`, revision 2026-01-26).
//!
//! A view is a resource that never changes; the data comes with the result of the tool that shows it. Hosts that show no
//! views have the result itself.

use std::time::Duration;

use serde_json::{Value, json};

use crate::author::config_error::{ErrorKind, InvalidView};
use crate::author::feature::Feature;
use crate::author::resources::listed_resource::ListedResource;
use crate::author::resources::resource::Resource;
use crate::author::resources::uri_template::Uri;
use crate::author::visibility::audience::Audience;
use crate::types::icon::Icon;
use crate::types::resource_contents::ResourceContents;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::json::Object;
use mcp_connector_base::scope::Scope;

/// The type of a view's contents.
pub(crate) const MIME_TYPE: &str = "text/html;profile=mcp-app";

/// Where `_meta` holds what the extension adds.
pub(crate) const META: &str = "ui";

/// How long a host may keep the page.
const FRESH_FOR: Duration = Duration::from_mins(5);

/// A page that hosts show beside the result of a tool (MCP Apps, `io.modelcontextprotocol/ui`).
///
/// A host shows it in a frame without an origin, and hands it the tool's result. The page itself is public and holds no data.
/// It can load nothing and connect to nothing but what [`loads_from`](Self::loads_from) and [`connects_to`](Self::connects_to)
/// allow.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Connector, Context, Tool, ToolError, View};
///
/// const PAGE: &str = "<!doctype html><title>Dice</title><script>/* shows the result */</script>";
///
/// async fn roll(_cx: Context) -> Result<&'static str, ToolError> {
///     Ok("4")
/// }
///
/// let connector = Connector::new("dice", "1.0.0")
///     .tool(Tool::new("roll", "Roll a die.", roll).title("Roll").read_only().shows("ui://die"))
///     .view(View::new("ui://die", "die", "The die.", PAGE).title("Die").bordered());
/// assert_eq!(connector.check(), []);
/// ```
pub struct View {
    pub(crate) entry: ListedResource,
    html: &'static str,
    csp: Object,
    permissions: Object,
    others: Object,
    audience: Option<Audience>,
}

/// A permission of the browser that a [`View`] can ask for.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Permission, View};
///
/// let view = View::new("ui://scanner", "scanner", "Scans a code.", "<!doctype html><video></video>")
///     .permission(Permission::Camera);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// The camera.
    Camera,
    /// The microphone.
    Microphone,
    /// The location of the person.
    Geolocation,
    /// Writing to the clipboard.
    ClipboardWrite,
}

impl View {
    /// Creates a view at a `ui://` URI. `description` says what it shows. `html` is a whole document that contains its styles
    /// and scripts, usually `include_str!("page.html")`.
    #[must_use]
    pub fn new(
        uri: impl Into<String>,
        name: impl Into<String>,
        description: impl Into<String>,
        html: &'static str,
    ) -> Self {
        let entry = ListedResource::new(uri, name).description(description).mime_type(MIME_TYPE);
        Self { entry, html, csp: Object::new(), permissions: Object::new(), others: Object::new(), audience: None }
    }

    /// Sets the title that people see.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.entry = self.entry.title(title);
        self
    }

    /// Adds an icon.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.entry = self.entry.icon(icon);
        self
    }

    /// Asks the host to draw a border and a background around the view. Without this or [`borderless`](Self::borderless), the
    /// host decides.
    #[must_use]
    pub fn bordered(mut self) -> Self {
        self.others.insert("prefersBorder".to_owned(), true.into());
        self
    }

    /// Asks the host to draw nothing around the view.
    #[must_use]
    pub fn borderless(mut self) -> Self {
        self.others.insert("prefersBorder".to_owned(), false.into());
        self
    }

    /// Lets the view send requests to `origin`, such as `https://api.example.com` (`connectDomains`).
    #[must_use]
    pub fn connects_to(self, origin: impl Into<String>) -> Self {
        self.allow("connectDomains", origin.into())
    }

    /// Lets the view load scripts, styles, images, fonts and media from `origin` (`resourceDomains`).
    #[must_use]
    pub fn loads_from(self, origin: impl Into<String>) -> Self {
        self.allow("resourceDomains", origin.into())
    }

    /// Lets the view show pages of `origin` in frames (`frameDomains`). Some hosts do not allow that.
    #[must_use]
    pub fn frames(self, origin: impl Into<String>) -> Self {
        self.allow("frameDomains", origin.into())
    }

    /// Lets the `<base>` of the view name `origin` (`baseUriDomains`).
    #[must_use]
    pub fn base(self, origin: impl Into<String>) -> Self {
        self.allow("baseUriDomains", origin.into())
    }

    /// Asks for a permission of the browser. The page must work without it, since a host may refuse it.
    #[must_use]
    pub fn permission(mut self, permission: Permission) -> Self {
        let name = match permission {
            Permission::Camera => "camera",
            Permission::Microphone => "microphone",
            Permission::Geolocation => "geolocation",
            Permission::ClipboardWrite => "clipboardWrite",
        };
        self.permissions.insert(name.to_owned(), json!({}));
        self
    }

    /// Asks for an origin of the view's own, in the form that the host documents (`domain`).
    #[must_use]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.others.insert("domain".to_owned(), domain.into().into());
        self
    }

    /// Shows the view only to callers for whom `is_shown` returns true. Call it several times to add conditions.
    ///
    /// For everybody else the view does not exist: it is in no list, and reading it is answered as if nothing had that URI.
    ///
    /// `is_shown` decides about people who have signed in, so the view takes a sign-in. A client without a token sees it and
    /// is challenged, because only a sign-in tells who its person is. `is_shown` runs for each list and each request, and
    /// knows the [`Caller`] alone.
    ///
    /// [`Caller`]: mcp_connector_base::caller::Caller
    #[must_use]
    pub fn visible_to(mut self, is_shown: impl Fn(&Caller) -> bool + 'static) -> Self {
        self.audience = Some(Audience::narrowed(self.audience.take(), is_shown));
        self
    }

    fn allow(mut self, member: &str, origin: String) -> Self {
        match self.csp.get_mut(member) {
            Some(Value::Array(origins)) => origins.push(origin.into()),
            _ => drop(self.csp.insert(member.to_owned(), json!([origin]))),
        }
        self
    }

    /// Returns why hosts would not show it, if they would not.
    fn check_page(&self) -> Result<(), InvalidView> {
        if self.entry.uri.strip_prefix("ui://").is_none_or(str::is_empty) {
            return Err(InvalidView::Scheme);
        }
        let doctype = self.html.trim_start().get(.."<!doctype html".len());
        if !doctype.is_some_and(|start| start.eq_ignore_ascii_case("<!doctype html")) {
            return Err(InvalidView::Document);
        }
        let mut origins = self.csp.values().filter_map(Value::as_array).flatten().filter_map(Value::as_str);
        match origins.find(|origin| !is_origin(origin)) {
            Some(origin) => Err(InvalidView::Origin(origin.to_owned())),
            None => Ok(()),
        }
    }

    /// Returns the resource that hosts read. Some read `_meta` in the list, and others with the contents.
    pub(crate) fn into_resource<H: 'static>(self) -> Resource<H> {
        let mut ui = self.others;
        for (name, members) in [("csp", self.csp), ("permissions", self.permissions)] {
            if !members.is_empty() {
                ui.insert(name.to_owned(), members.into());
            }
        }
        let (html, audience) = (self.html, self.audience);
        let entry = if ui.is_empty() { self.entry } else { self.entry.meta(META, ui.clone().into()) };
        let mut resource = Resource::fixed(entry, move |uri| {
            let contents = ResourceContents::text(uri, MIME_TYPE, html);
            if ui.is_empty() { contents } else { contents.meta(META, ui.clone().into()) }
        })
        .fresh_for(FRESH_FOR);
        resource.source.audience = audience;
        resource
    }
}

impl Feature for View {
    const KIND: &'static str = "view";
    type Checked = Uri;

    fn key(&self) -> &str {
        &self.entry.uri
    }

    fn scopes(&self) -> &[Scope] {
        &[]
    }

    fn audience(&self) -> Option<&Audience> {
        self.audience.as_ref()
    }

    fn check(&self) -> Result<Uri, ErrorKind> {
        self.check_page().map_err(ErrorKind::View)?;
        Uri::parse(&self.entry.uri).map_err(ErrorKind::Uri)
    }
}

/// Whether hosts can put `text` into a `Content-Security-Policy`: it must not end a directive or begin another one.
fn is_origin(text: &str) -> bool {
    let host = ["https://", "wss://", "http://localhost", "http://127.0.0.1"]
        .iter()
        .find_map(|start| text.strip_prefix(start).map(|rest| (rest, start.starts_with("http:"))));
    let Some((rest, is_local)) = host else { return false };
    let rest = rest.strip_prefix("*.").unwrap_or(rest);
    let (name, port) = rest.split_once(':').unwrap_or((rest, "443"));
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.');
    name.is_empty() == is_local && is_name && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::connector::Connector;
    use crate::author::tools::tool::Tool;
    use crate::author::tools::tool_error::ToolError;
    use crate::call::context::Context;
    use crate::testing::test_client::TestClient;
    use crate::testing::test_host::TestHost;

    const PAGE: &str = "<!doctype html><title>Notes</title>";

    async fn nothing(_cx: Context<TestHost>) -> Result<&'static str, ToolError> {
        Ok("Nothing.")
    }

    fn view() -> View {
        View::new("ui://notes", "notes", "The notes.", PAGE).title("Notes")
    }

    fn tool(name: &str) -> Tool<TestHost> {
        Tool::new(name, "Lists.", nothing).title("List").read_only()
    }

    fn client(view: View, tool: Tool<TestHost>) -> TestClient {
        TestClient::of(Connector::new("n", "1").view(view).tool(tool))
    }

    #[test]
    fn a_tool_names_its_view_in_both_forms() {
        let listed = |tool: Tool<TestHost>| {
            let client = client(view(), tool);
            let modern = client.modern("tools/list", &json!({}), None)["result"]["tools"][0]["_meta"].clone();
            let legacy = client.legacy("tools/list", &json!({}), None)["result"]["tools"][0]["_meta"].clone();
            assert_eq!(modern, legacy);
            (modern["ui"].clone(), modern["ui/resourceUri"].clone())
        };
        let flat = json!("ui://notes");
        let both = json!({"resourceUri": "ui://notes", "visibility": ["model", "app"]});
        assert_eq!(listed(tool("a").shows("ui://notes")), (both, flat.clone()));
        let app = json!({"resourceUri": "ui://notes", "visibility": ["app"]});
        assert_eq!(listed(tool("a").shows("ui://notes").for_views_only()), (app, flat));
        assert_eq!(listed(tool("a").for_views_only()), (json!({"visibility": ["app"]}), json!(null)));
        assert_eq!(listed(tool("a").for_models_only()), (json!({"visibility": ["model"]}), json!(null)));
        assert_eq!(listed(tool("a")), (json!(null), json!(null)));
    }

    #[test]
    fn a_view_is_read_with_all_that_a_host_must_know() {
        let view = view()
            .bordered()
            .connects_to("https://api.example.com")
            .connects_to("wss://live.example.com:8443")
            .loads_from("https://*.example.com")
            .frames("https://video.example")
            .base("https://cdn.example")
            .permission(Permission::Camera)
            .permission(Permission::ClipboardWrite)
            .domain("abc.example.net");
        let ui = json!({
            "csp": {
                "connectDomains": ["https://api.example.com", "wss://live.example.com:8443"],
                "resourceDomains": ["https://*.example.com"],
                "frameDomains": ["https://video.example"],
                "baseUriDomains": ["https://cdn.example"],
            },
            "permissions": {"camera": {}, "clipboardWrite": {}},
            "domain": "abc.example.net",
            "prefersBorder": true,
        });
        let client = client(view, tool("a").shows("ui://notes"));
        let read = client.modern("resources/read", &json!({"uri": "ui://notes"}), None)["result"].clone();
        let contents = json!({"uri": "ui://notes", "mimeType": MIME_TYPE, "text": PAGE, "_meta": {"ui": ui}});
        assert_eq!((&read["contents"], &read["ttlMs"]), (&json!([contents]), &json!(300_000)));
        let listed = json!({
            "uri": "ui://notes", "name": "notes", "title": "Notes", "description": "The notes.", "mimeType": MIME_TYPE,
            "_meta": {"ui": ui},
        });
        assert_eq!(client.legacy("resources/list", &json!({}), None)["result"]["resources"], json!([listed]));
    }

    #[test]
    fn a_view_without_settings_has_no_meta() {
        let client = client(view(), tool("a").shows("ui://notes"));
        let read = client.legacy("resources/read", &json!({"uri": "ui://notes"}), None);
        assert_eq!(read["result"]["contents"], json!([{"uri": "ui://notes", "mimeType": MIME_TYPE, "text": PAGE}]));
    }

    #[test]
    fn the_extension_is_declared_in_both_eras_where_a_tool_shows_a_view() {
        let extensions = |client: &TestClient| {
            let modern = client.modern("server/discover", &json!({}), None)["result"]["capabilities"].clone();
            let params = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {}});
            let legacy = client.legacy("initialize", &params, None)["result"]["capabilities"].clone();
            (modern["extensions"].clone(), legacy["extensions"].clone())
        };
        let ui = json!({"io.modelcontextprotocol/ui": {}});
        assert_eq!(extensions(&client(view(), tool("a").shows("ui://notes"))), (ui.clone(), ui));
        assert_eq!(extensions(&client(view(), tool("a"))), (json!(null), json!(null)));
    }

    #[test]
    fn what_no_host_shows_is_refused() {
        let rows = [
            (View::new("note://a", "n", "d", PAGE), InvalidView::Scheme),
            (View::new("ui://", "n", "d", PAGE), InvalidView::Scheme),
            (View::new("ui://a", "n", "d", "<p>Notes"), InvalidView::Document),
            (View::new("ui://a", "n", "d", "é<!doctype html>"), InvalidView::Document),
        ];
        for (view, problem) in rows {
            assert_eq!(view.check_page(), Err(problem));
        }
        assert_eq!(View::new("ui://a/b", "n", "d", "\n<!DOCTYPE HTML>").check_page(), Ok(()));
        for origin in [
            "http://a.example",
            "https://",
            "https://a.example/b",
            "https://a;script-src *",
            "*",
            "'self'",
            "https://a b",
        ] {
            assert_eq!(view().loads_from(origin).check_page(), Err(InvalidView::Origin(origin.to_owned())));
        }
        for origin in ["http://localhost:5173", "http://127.0.0.1", "https://a-b.example:8443", "wss://*.example"] {
            assert_eq!(view().connects_to(origin).check_page(), Ok(()), "{origin}");
        }
    }
}
