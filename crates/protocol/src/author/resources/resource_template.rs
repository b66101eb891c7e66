//! Resources whose URIs differ in some variables, as the author declares them ("Resource Templates").

use std::future::Future;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::author::completers::{Completers, Partial};
use crate::author::config_error::ErrorKind;
use crate::author::feature::Feature;
use crate::author::handler::{self, Handler, HandlerArguments, HandlerContext, HandlerOutput};
use crate::author::resources::into_resource_contents::IntoResourceContents;
use crate::author::resources::listed_resource::{ListPage, ListedPage, ListedResource, Lister};
use crate::author::resources::resource_source::Source;
use crate::author::resources::uri_template::UriTemplate;
use crate::author::tools::tool_error::ToolError;
use crate::author::visibility::audience::Audience;
use crate::tool_schema::string_arguments::{StringArguments, property, required};
use crate::types::annotations::Annotations;
use crate::types::base_metadata::BaseMetadata;
use crate::types::icon::Icon;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::scope::{IntoScope, Scope};

/// Resources whose URIs differ in some variables, such as `note://{id}` ("Resource Templates").
///
/// # Examples
///
/// ```
/// use mcp_connector::{Connector, Context, ListedResource, ResourceTemplate, ToolError};
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct ReportId {
///     year: u16,
/// }
///
/// async fn report(id: ReportId) -> Result<Option<String>, ToolError> {
///     Ok((id.year == 2025).then(|| "A good year.".to_owned()))
/// }
///
/// async fn reports(_cx: Context) -> Result<Vec<ListedResource>, ToolError> {
///     Ok(vec![ListedResource::new("report://2025", "2025").title("Report of 2025")])
/// }
///
/// let template = ResourceTemplate::new("report://{year}", "report", "The report of a year.", report)
///     .title("Report")
///     .mime_type("text/markdown")
///     .listed_by(reports);
/// let connector = Connector::new("reports", "1.0.0").template(template);
/// assert_eq!(connector.check(), []);
/// ```
pub struct ResourceTemplate<H> {
    uri_template: String,
    pub(crate) metadata: BaseMetadata,
    /// The schema of the handler's argument type: a member for each variable.
    variables: Value,
    pub(crate) source: Source<H>,
    pub(crate) list: Option<Lister<H>>,
    pub(crate) completers: Completers<H>,
}

impl<H: 'static> ResourceTemplate<H> {
    /// Creates public resources from an async function that reads one of them; see [`Handler`] for its forms.
    ///
    /// `uri_template` is a URI with names in braces (RFC 6570, level 1); the handler's argument type has a field for each name.
    /// The values come from the client: check them as any other argument. `description` tells the model what the resources
    /// hold.
    #[must_use]
    pub fn new<Form, F>(
        uri_template: impl Into<String>,
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
        Self {
            uri_template: uri_template.into(),
            metadata: BaseMetadata::new(name, description),
            variables: handler::input_schema::<H, _, _>(&handler),
            source: Source::of(handler),
            list: None,
            completers: Completers::new(),
        }
    }

    /// Sets the title that people see.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.metadata.title = Some(title.into());
        self
    }

    /// Sets the media type of the contents, for example `text/markdown`.
    #[must_use]
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.metadata.mime_type = Some(mime_type.into());
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

    /// Adds a member to the template's `_meta` in the list. The name needs a prefix of your own, for example
    /// `example.com/group`.
    #[must_use]
    pub fn meta(mut self, name: impl Into<String>, value: Value) -> Self {
        self.metadata.meta.insert(name.into(), value);
        self
    }

    /// Requires a sign-in with `scope`. Call it several times to require several scopes.
    #[must_use]
    pub fn scope(mut self, scope: impl IntoScope) -> Self {
        self.source.scopes.push(scope.into_scope());
        self
    }

    /// Shows the template only to callers for whom `is_shown` returns true. Call it several times to add conditions.
    ///
    /// For everybody else the template does not exist: it is in no list, and reading one of its resources is answered as if
    /// nothing had that URI.
    ///
    /// `is_shown` decides about people who have signed in, so the template takes a sign-in even without a
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

    /// Adds resources of this template to `resources/list`: those that `list` returns for the caller. A caller without the
    /// template's scopes gets none of them.
    #[must_use]
    pub fn listed_by<F, Cx, Fut>(mut self, list: F) -> Self
    where
        F: Fn(Cx) -> Fut + 'static,
        Cx: HandlerContext<H>,
        Fut: Future<Output = Result<Vec<ListedResource>, ToolError>> + 'static,
    {
        self.list = Some(Lister::Whole(Box::new(move |cx| Box::pin(list(Cx::of(cx))))));
        self
    }

    /// Adds resources of this template to `resources/list` page by page, for templates with many resources.
    ///
    /// `list` returns those after a number, in the order of that number. It is called only for the pages that the client asks
    /// for.
    #[must_use]
    pub fn listed_in_pages<F, Cx, Fut>(mut self, list: F) -> Self
    where
        F: Fn(ListPage, Cx) -> Fut + 'static,
        Cx: HandlerContext<H>,
        Fut: Future<Output = Result<ListedPage, ToolError>> + 'static,
    {
        self.list = Some(Lister::Pages(Box::new(move |page, cx| Box::pin(list(page, Cx::of(cx))))));
        self
    }

    /// Suggests values for `variable` while a person types it ("Completion"). A client gets at most [`Partial::MAX_VALUES`].
    #[must_use]
    pub fn complete<F, Cx, Fut>(mut self, variable: impl Into<String>, suggest: F) -> Self
    where
        F: Fn(Partial, Cx) -> Fut + 'static,
        Cx: HandlerContext<H>,
        Fut: Future<Output = Result<Vec<String>, ToolError>> + 'static,
    {
        self.completers.add(variable, suggest);
        self
    }
}

impl<H> ResourceTemplate<H> {
    /// Returns the entry of the list as JSON with the members that `version` has.
    pub(crate) fn listed(&self, version: ProtocolVersion) -> Value {
        let entry = ListedTemplate { uri_template: &self.uri_template, metadata: self.metadata.known_to(version) };
        serde_json::to_value(entry).unwrap_or_default()
    }
}

/// A template in a list (`ResourceTemplate`).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedTemplate<'a> {
    uri_template: &'a str,
    #[serde(flatten)]
    metadata: BaseMetadata,
}

/// What reading a resource of a template needs.
pub(crate) struct TemplateMatcher {
    pub(crate) uri: UriTemplate,
    pub(crate) variables: StringArguments,
}

impl<H> Feature for ResourceTemplate<H> {
    const KIND: &'static str = "template";
    type Checked = TemplateMatcher;

    fn key(&self) -> &str {
        &self.uri_template
    }

    fn scopes(&self) -> &[Scope] {
        &self.source.scopes
    }

    fn audience(&self) -> Option<&Audience> {
        self.source.audience.as_ref()
    }

    fn check(&self) -> Result<TemplateMatcher, ErrorKind> {
        let uri = UriTemplate::parse(&self.uri_template).map_err(ErrorKind::Template)?;
        if let Some(missing) = uri.variables().find(|name| property(&self.variables, name).is_none()) {
            return Err(ErrorKind::VariableWithoutField(missing.to_owned()));
        }
        let is_variable = |name: &&str| uri.variables().any(|known| known == *name);
        if let Some(extra) = required(&self.variables).into_iter().find(|name| !is_variable(name)) {
            return Err(ErrorKind::FieldWithoutVariable(extra.to_owned()));
        }
        self.completers.check(&self.variables)?;
        Ok(TemplateMatcher { variables: StringArguments::of(&self.variables)?, uri })
    }
}
