//! Resources of a template in `resources/list` ("Listing Resources").

use serde::Serialize;
use serde_json::Value;

use crate::author::handler::HandlerFuture;
use crate::call::context::Context;
use crate::types::annotations::Annotations;
use crate::types::base_metadata::BaseMetadata;
use crate::types::icon::Icon;
use crate::types::version::ProtocolVersion;

/// An entry of `resources/list`, returned by the functions given to
/// [`ResourceTemplate::listed_by`](crate::author::resources::resource_template::ResourceTemplate::listed_by) and
/// [`ResourceTemplate::listed_in_pages`](crate::author::resources::resource_template::ResourceTemplate::listed_in_pages) ("Resource").
///
/// # Examples
///
/// ```
/// use mcp_connector::{Context, ListedResource, ToolError};
///
/// async fn reports(_cx: Context) -> Result<Vec<ListedResource>, ToolError> {
///     Ok([2024, 2025]
///         .map(|year| ListedResource::new(format!("report://{year}"), year.to_string()).title(format!("Report of {year}")))
///         .into())
/// }
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct ListedResource {
    pub(crate) uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(flatten)]
    pub(crate) metadata: BaseMetadata,
}

impl ListedResource {
    /// Creates an entry for the resource at `uri`. Characters that a URI cannot hold are written as `%XX`.
    ///
    /// An entry whose URI does not match its template is left out of the list.
    #[must_use]
    pub fn new(uri: impl Into<String>, name: impl Into<String>) -> Self {
        Self { uri: uri.into(), metadata: BaseMetadata::new(name, ""), size: None }
    }

    /// Sets the title that people see.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.metadata.title = Some(title.into());
        self
    }

    /// Sets a description for the model.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.metadata.description = text.into();
        self
    }

    /// Sets the media type. Without it, the entry has the one of its template.
    #[must_use]
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.metadata.mime_type = Some(mime_type.into());
        self
    }

    /// Sets the size of the contents, in bytes.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }

    /// Sets hints for the client.
    #[must_use]
    pub fn annotations(mut self, annotations: Annotations) -> Self {
        self.metadata.annotations = Some(annotations);
        self
    }

    /// Adds an icon.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.metadata.icons.push(icon);
        self
    }

    /// Adds a member to `_meta`. The name needs a prefix of your own, for example `example.com/group`.
    #[must_use]
    pub fn meta(mut self, name: impl Into<String>, value: Value) -> Self {
        self.metadata.meta.insert(name.into(), value);
        self
    }

    /// Returns the entry as JSON with the members that `version` has.
    pub(crate) fn listed(&self, version: ProtocolVersion) -> Value {
        let entry = Self { uri: self.uri.clone(), size: self.size, metadata: self.metadata.known_to(version) };
        serde_json::to_value(entry).unwrap_or_default()
    }
}

/// The page of a list that a client asks for: the argument of a function given to
/// [`ResourceTemplate::listed_in_pages`](crate::author::resources::resource_template::ResourceTemplate::listed_in_pages).
///
/// # Examples
///
/// ```
/// use mcp_connector::{Context, ListPage, ListedPage, ListedResource, ToolError};
///
/// const LAST: u64 = 1000;
///
/// async fn numbers(page: ListPage, _cx: Context) -> Result<ListedPage, ToolError> {
///     let end = LAST.min(page.after + page.limit as u64);
///     let resources = (page.after + 1..=end).map(|n| ListedResource::new(format!("number://{n}"), n.to_string())).collect();
///     Ok(ListedPage { resources, next: (end < LAST).then_some(end) })
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListPage {
    /// [`ListedPage::next`] of the page before; 0 for the first page.
    pub after: u64,
    /// Maximum number of resources to return.
    pub limit: usize,
}

/// A page of a list, returned by a function given to
/// [`ResourceTemplate::listed_in_pages`](crate::author::resources::resource_template::ResourceTemplate::listed_in_pages).
///
/// # Examples
///
/// ```
/// use mcp_connector::{ListedPage, ListedResource};
///
/// let last_page = ListedPage { resources: vec![ListedResource::new("note://7", "note 7")], next: None };
/// ```
#[derive(Clone, Debug)]
pub struct ListedPage {
    /// The resources of the page.
    pub resources: Vec<ListedResource>,
    /// Where the next page begins: a number above [`ListPage::after`]. `None` after the last page.
    pub next: Option<u64>,
}

/// The function that lists the resources of a template.
pub(crate) enum Lister<H> {
    /// All at once.
    Whole(Box<dyn Fn(Context<H>) -> HandlerFuture<Vec<ListedResource>>>),
    /// Page by page.
    Pages(Box<dyn Fn(ListPage, Context<H>) -> HandlerFuture<ListedPage>>),
}
