//! Resources as the author describes them: one at a fixed URI, or a template for many ("Resources").

use std::future::{Future, ready};
use std::time::Duration;

use serde_json::{Value, json};

use crate::author::completion::{Completers, Partial};
use crate::author::handler::{Answer, Handler, WithContext};
use crate::author::tool_result::ToolError;
use crate::call::context::Context;
use crate::methods::resource_contents::{IntoResourceContents, Reader, reader};
use crate::types::base_metadata::BaseMetadata;
use crate::types::content::{Annotations, Icon, ResourceContents};
use crate::types::version::ProtocolVersion;
use mcp_connector_base::scope::Scope;

/// A resource with a fixed URI.
pub struct Resource<H> {
    pub(crate) entry: ListedResource,
    pub(crate) source: Source<H>,
    /// Whether it stands in the list. It can be read either way.
    pub(crate) is_listed: bool,
}

/// Many resources, whose URIs differ in what stands for the variables: `note://{id}`.
pub struct ResourceTemplate<H> {
    pub(crate) pattern: String,
    pub(crate) about: BaseMetadata,
    /// The schema of the handler's argument type: a member for each variable.
    pub(crate) variables: Value,
    pub(crate) source: Source<H>,
    pub(crate) list: Option<Lister<H>>,
    pub(crate) completers: Completers<H>,
}

/// Where contents come from, who may read them, and how long a client may keep them.
pub(crate) struct Source<H> {
    pub(crate) read: Reader<H>,
    /// What a caller must have been given; none means that everybody may read.
    pub(crate) scopes: Vec<Scope>,
    pub(crate) fresh_for: Duration,
}

impl<H> Source<H> {
    fn of(read: Reader<H>) -> Self {
        Self { read, scopes: Vec::new(), fresh_for: Duration::ZERO }
    }
}

impl<H: 'static> Resource<H> {
    /// A public resource, read by an `async fn(Context)`. `description` says in words for the model what it holds.
    #[must_use]
    pub fn new(
        uri: impl Into<String>,
        name: impl Into<String>,
        description: impl Into<String>,
        handler: impl Handler<H, WithContext, Output: IntoResourceContents>,
    ) -> Self {
        let entry = ListedResource::new(uri, name).description(description);
        Self { entry, source: Source::of(reader(handler)), is_listed: true }
    }

    /// The name a person sees.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.entry = self.entry.title(title);
        self
    }

    /// The type of its contents, for example `text/markdown`.
    #[must_use]
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.entry = self.entry.mime_type(mime_type);
        self
    }

    /// How large its contents are, in bytes.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.entry = self.entry.size(bytes);
        self
    }

    /// Adds hints for the client.
    #[must_use]
    pub fn annotations(mut self, annotations: Annotations) -> Self {
        self.entry = self.entry.annotations(annotations);
        self
    }

    /// Adds a picture.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.entry = self.entry.icon(icon);
        self
    }

    /// Adds a member to the resource's `_meta` in the list.
    #[must_use]
    pub fn meta(mut self, name: impl Into<String>, value: Value) -> Self {
        self.entry = self.entry.meta(name, value);
        self
    }

    /// Only for who signed in and was given `scope`. Several calls ask for several scopes.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.source.scopes.push(scope);
        self
    }

    /// How long a client may keep what it read (from 2026-07-28 on). Not at all if this is left out.
    #[must_use]
    pub fn fresh_for(mut self, duration: Duration) -> Self {
        self.source.fresh_for = duration;
        self
    }

    /// A resource whose contents are the same for everybody; `contents` gets its URI.
    pub(crate) fn fixed(entry: ListedResource, contents: impl Fn(String) -> ResourceContents + 'static) -> Self {
        let read: Reader<H> = Box::new(move |_, _, place| Box::pin(ready(Ok(Some(vec![contents(place.uri)])))));
        Self { entry, source: Source::of(read), is_listed: true }
    }
}

impl<H: 'static> ResourceTemplate<H> {
    /// Public resources. `uri_template` is a URI with names in braces (RFC 6570, level 1); the handler's argument type has a
    /// field for each name. What the client puts there is a stranger's text: check it as you check any argument.
    #[must_use]
    pub fn new<Form>(
        uri_template: impl Into<String>,
        name: impl Into<String>,
        description: impl Into<String>,
        handler: impl Handler<H, Form, Output: IntoResourceContents>,
    ) -> Self {
        fn variables<H, Form, F: Handler<H, Form>>(_: &F) -> Value {
            F::input_schema()
        }
        Self {
            pattern: uri_template.into(),
            about: BaseMetadata::new(name, description),
            variables: variables(&handler),
            source: Source::of(reader(handler)),
            list: None,
            completers: Completers::new(),
        }
    }

    /// The name a person sees.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.about.title = Some(title.into());
        self
    }

    /// The type of the contents, for example `text/markdown`.
    #[must_use]
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.about.mime_type = Some(mime_type.into());
        self
    }

    /// Adds hints for the client.
    #[must_use]
    pub fn annotations(mut self, annotations: Annotations) -> Self {
        self.about.annotations = Some(annotations);
        self
    }

    /// Adds a picture.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.about.icons.push(icon);
        self
    }

    /// Adds a member to the template's `_meta` in the list.
    #[must_use]
    pub fn meta(mut self, name: impl Into<String>, value: Value) -> Self {
        self.about.meta.insert(name.into(), value);
        self
    }

    /// Only for who signed in and was given `scope`. Several calls ask for several scopes.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.source.scopes.push(scope);
        self
    }

    /// How long a client may keep what it read (from 2026-07-28 on). Not at all if this is left out.
    #[must_use]
    pub fn fresh_for(mut self, duration: Duration) -> Self {
        self.source.fresh_for = duration;
        self
    }

    /// Puts resources of this template into the list: those that `list` gives for the caller. Callers without the
    /// template's scopes get none.
    #[must_use]
    pub fn listed_by<F, Fut>(mut self, list: F) -> Self
    where
        F: Fn(Context<H>) -> Fut + 'static,
        Fut: Future<Output = Result<Vec<ListedResource>, ToolError>> + 'static,
    {
        self.list = Some(Lister::Whole(Box::new(move |cx| Box::pin(list(cx)))));
        self
    }

    /// Puts resources of this template into the list page by page: `list` gives those after a number, in the order in which it
    /// counts them. For many of them: no more are read than the client asks for.
    #[must_use]
    pub fn listed_in_pages<F, Fut>(mut self, list: F) -> Self
    where
        F: Fn(ListPage, Context<H>) -> Fut + 'static,
        Fut: Future<Output = Result<ListedPage, ToolError>> + 'static,
    {
        self.list = Some(Lister::Pages(Box::new(move |page, cx| Box::pin(list(page, cx)))));
        self
    }

    /// Suggests values for `variable` while a person types one.
    #[must_use]
    pub fn complete<F, Fut>(mut self, variable: impl Into<String>, suggest: F) -> Self
    where
        F: Fn(Partial, Context<H>) -> Fut + 'static,
        Fut: Future<Output = Result<Vec<String>, ToolError>> + 'static,
    {
        self.completers.add(variable, suggest);
        self
    }

    pub(crate) fn listed(&self, version: ProtocolVersion) -> Value {
        self.about.listed(version, vec![("uriTemplate", json!(self.pattern))])
    }
}

/// What gives the resources of a template for a list.
pub(crate) enum Lister<H> {
    /// All at once.
    Whole(Box<dyn Fn(Context<H>) -> Answer<Vec<ListedResource>>>),
    /// Page by page.
    Pages(Box<dyn Fn(ListPage, Context<H>) -> Answer<ListedPage>>),
}

/// Which resources of a template a list wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListPage {
    /// [`ListedPage::next`] of the page before; 0 for the first.
    pub after: u64,
    /// At most so many.
    pub limit: usize,
}

/// Some resources of a template.
#[derive(Clone, Debug)]
pub struct ListedPage {
    /// The resources.
    pub resources: Vec<ListedResource>,
    /// Where the next page begins, above [`ListPage::after`]; none after the last.
    pub next: Option<u64>,
}

/// A resource as it stands in a list.
#[derive(Clone, Debug)]
pub struct ListedResource {
    pub(crate) uri: String,
    pub(crate) about: BaseMetadata,
    size: Option<u64>,
}

impl ListedResource {
    /// A resource at `uri`. Characters that a URI cannot hold are written as `%XX`.
    #[must_use]
    pub fn new(uri: impl Into<String>, name: impl Into<String>) -> Self {
        Self { uri: uri.into(), about: BaseMetadata::new(name, ""), size: None }
    }

    /// The name a person sees.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.about.title = Some(title.into());
        self
    }

    /// What it holds, in words for the model.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.about.description = text.into();
        self
    }

    /// Its type; that of the template if it is left out.
    #[must_use]
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.about.mime_type = Some(mime_type.into());
        self
    }

    /// How large it is, in bytes.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }

    /// Adds hints for the client.
    #[must_use]
    pub fn annotations(mut self, annotations: Annotations) -> Self {
        self.about.annotations = Some(annotations);
        self
    }

    /// Adds a picture.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.about.icons.push(icon);
        self
    }

    /// Adds a member to the resource's `_meta` in the list.
    #[must_use]
    pub fn meta(mut self, name: impl Into<String>, value: Value) -> Self {
        self.about.meta.insert(name.into(), value);
        self
    }

    pub(crate) fn listed(&self, version: ProtocolVersion) -> Value {
        let mut own = vec![("uri", json!(self.uri))];
        own.extend(self.size.map(|size| ("size", json!(size))));
        self.about.listed(version, own)
    }
}
