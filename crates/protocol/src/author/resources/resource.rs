//! Resources with a fixed URI, as the author declares them ("Resources").

use std::future::ready;
use std::time::Duration;

use serde_json::Value;

use crate::author::config_error::ErrorKind;
use crate::author::feature::Feature;
use crate::author::handler::{Handler, HandlerArguments, HandlerContext, HandlerOutput};
use crate::author::resources::into_resource_contents::IntoResourceContents;
use crate::author::resources::listed_resource::ListedResource;
use crate::author::resources::resource_source::{Reader, Source};
use crate::author::resources::uri_template::Uri;
use crate::author::visibility::audience::Audience;
use crate::types::annotations::Annotations;
use crate::types::icon::Icon;
use crate::types::resource_contents::ResourceContents;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::scope::{IntoScope, Scope};

/// A resource with a fixed URI ("Resources"). Resources whose URIs differ are a
/// [`ResourceTemplate`](crate::author::resources::resource_template::ResourceTemplate).
///
/// # Examples
///
/// ```
/// use mcp_connector::{Connector, Context, Resource, ToolError};
///
/// async fn rules(_cx: Context) -> Result<&'static str, ToolError> {
///     Ok("# Rules\n\nNo shouting.")
/// }
///
/// let resource = Resource::new("rules://house", "rules", "The rules of the house.", rules)
///     .title("Rules")
///     .mime_type("text/markdown");
/// let connector = Connector::new("house", "1.0.0").resource(resource);
/// assert_eq!(connector.check(), []);
/// ```
pub struct Resource<H> {
    pub(crate) entry: ListedResource,
    pub(crate) source: Source<H>,
    /// Whether it is in the list. It can be read either way.
    pub(crate) is_listed: bool,
}

impl<H: 'static> Resource<H> {
    /// Creates a public resource, read by an `async fn(Context)`. `description` tells the model what it holds.
    #[must_use]
    pub fn new<Form, F>(
        uri: impl Into<String>,
        name: impl Into<String>,
        description: impl Into<String>,
        handler: F,
    ) -> Self
    where
        F: Handler<Form>,
        F::Arguments: HandlerArguments<H>,
        F::Context: HandlerContext<H>,
        F::Output: HandlerOutput<Success: IntoResourceContents>,
    {
        let entry = ListedResource::new(uri, name).description(description);
        Self { entry, source: Source::of(handler), is_listed: true }
    }

    /// Sets the title that people see.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.entry = self.entry.title(title);
        self
    }

    /// Sets the media type of the contents, for example `text/markdown`.
    #[must_use]
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.entry = self.entry.mime_type(mime_type);
        self
    }

    /// Sets the size of the contents, in bytes.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.entry = self.entry.size(bytes);
        self
    }

    /// Sets hints for the client.
    #[must_use]
    pub fn annotations(mut self, annotations: Annotations) -> Self {
        self.entry = self.entry.annotations(annotations);
        self
    }

    /// Adds an icon.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.entry = self.entry.icon(icon);
        self
    }

    /// Adds a member to the resource's `_meta` in the list. The name needs a prefix of your own, for example
    /// `example.com/group`.
    #[must_use]
    pub fn meta(mut self, name: impl Into<String>, value: Value) -> Self {
        self.entry = self.entry.meta(name, value);
        self
    }

    /// Requires a sign-in with `scope`. Call it several times to require several scopes.
    #[must_use]
    pub fn scope(mut self, scope: impl IntoScope) -> Self {
        self.source.scopes.push(scope.into_scope());
        self
    }

    /// Shows the resource only to callers for whom `is_shown` returns true. Call it several times to add conditions.
    ///
    /// For everybody else the resource does not exist: it is in no list, and reading it is answered as if nothing had that
    /// URI.
    ///
    /// `is_shown` decides about people who have signed in, so the resource takes a sign-in even without a
    /// [`scope`](Self::scope). A client without a token sees it and is challenged, because only a sign-in tells who its
    /// person is. `is_shown` runs for each list and each request, and knows the [`Caller`] alone.
    ///
    /// [`Caller`]: mcp_connector_base::caller::Caller
    #[must_use]
    pub fn visible_to(mut self, is_shown: impl Fn(&Caller) -> bool + 'static) -> Self {
        self.source.audience = Some(Audience::narrowed(self.source.audience.take(), is_shown));
        self
    }

    /// Sets how long a client may keep what it has read (`ttlMs`, from 2026-07-28 on). Without it, a client keeps nothing.
    #[must_use]
    pub fn fresh_for(mut self, duration: Duration) -> Self {
        self.source.fresh_for = duration;
        self
    }

    /// Creates a resource whose contents are the same for everybody; `contents` gets its URI.
    pub(crate) fn fixed(entry: ListedResource, contents: impl Fn(String) -> ResourceContents + 'static) -> Self {
        let read: Reader<H> = Box::new(move |_, _, request| Box::pin(ready(Ok(Some(vec![contents(request.uri)])))));
        Self { entry, source: Source::new(read), is_listed: true }
    }
}

impl<H> Feature for Resource<H> {
    const KIND: &'static str = "resource";
    type Checked = Uri;

    fn key(&self) -> &str {
        &self.entry.uri
    }

    fn scopes(&self) -> &[Scope] {
        &self.source.scopes
    }

    fn audience(&self) -> Option<&Audience> {
        self.source.audience.as_ref()
    }

    fn check(&self) -> Result<Uri, ErrorKind> {
        Uri::parse(&self.entry.uri).map_err(ErrorKind::Uri)
    }
}
