//! `resources/list`, `resources/templates/list` and `resources/read` ("Resources").

use std::rc::Rc;

use serde::ser::SerializeMap;
use serde_json::Value;

use crate::author::into_resource_contents::ReadRequest;
use crate::author::listed_resource::{ListPage, ListedPage, ListedResource, Lister};
use crate::author::registry::{Registry, ValidatedResource, ValidatedTemplate};
use crate::author::tool_error::Unfinished;
use crate::author::uri_template::Uri;
use crate::call::context::Context;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::listing::{ListForm, Listing};
use crate::methods::pagination::{Page, TemplatePlace};
use crate::transport::host::Host;
use crate::types::resource_contents::ResourceContents;
use crate::types::result::{CacheHints, CacheScope, ResultFields};
use crate::types::version::ProtocolVersion;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::json::Object;
use mcp_connector_base::scope::ScopeSet;

/// The page of the templates.
pub(crate) fn list_templates<H: 'static>(
    params: &Object,
    registry: &Registry<H>,
    form: ListForm,
) -> Result<Listing, RpcError> {
    let write = |template: &Rc<ValidatedTemplate<H>>, version| template.feature.listed(version);
    Listing::of("resourceTemplates", &registry.templates, params, form, CacheHints::DEPLOYED, write)
}

/// The page of the resources: those with fixed URIs, then what the caller has of each template that lists all at once, then
/// what the caller has of the others, page by page.
pub(crate) struct ListResources {
    pub(crate) params: Object,
    pub(crate) form: ListForm,
}

/// The name of the list.
const LIST: &str = "resources";

impl ListResources {
    pub(crate) async fn run<H: Host>(self, registry: &Registry<H>, cx: Context<H>) -> Result<Listing, Unfinished> {
        // Also for a visitor who gets none: with a sign-in the same request gives another list.
        let is_own = registry.templates.iter().any(|template| template.feature.list.is_some());
        let hints = if is_own { CacheHints::OF_THE_CALLER } else { CacheHints::DEPLOYED };
        let size = self.form.page_size.max(1);
        let (mut shown, place) = if let Some(place) = TemplatePlace::of(&self.params, LIST) {
            (Vec::new(), place)
        } else {
            let mut resources = self.whole(registry, &cx).await?;
            let page = Page::of(&self.params, LIST, resources.len(), size).map_err(RpcError::from)?;
            let is_last = page.end >= resources.len();
            resources.truncate(page.end);
            resources.drain(..page.start);
            if !is_last {
                let cursor = page.next_cursor(LIST);
                return Ok(Listing::chosen(LIST, &resources, cursor, self.form, hints, ListedResource::listed));
            }
            (resources, TemplatePlace::default())
        };
        let next = self.fill(&mut shown, place, size, registry, &cx).await?;
        let cursor = next.map(|place| place.cursor(LIST));
        Ok(Listing::chosen(LIST, &shown, cursor, self.form, hints, ListedResource::listed))
    }

    /// Returns all that is listed at once.
    async fn whole<H: Host>(&self, registry: &Registry<H>, cx: &Context<H>) -> Result<Vec<ListedResource>, Unfinished> {
        let listed = registry.resources.iter().filter(|resource| resource.feature.is_listed);
        let mut resources: Vec<ListedResource> = listed.map(|resource| resource.feature.entry.clone()).collect();
        for template in &registry.templates {
            if let Some(Lister::Whole(list)) = &template.feature.list
                && is_given(cx.caller(), &template.required)
            {
                let own = list(cx.clone()).await.map_err(|error| error.unfinished(self.form.version))?;
                resources.extend(own.into_iter().filter_map(|resource| of_template(resource, template)));
            }
        }
        Ok(resources)
    }

    /// Fills a page up with what templates list page by page, from `place` on. Gives the place where the next page begins.
    async fn fill<H: Host>(
        &self,
        shown: &mut Vec<ListedResource>,
        place: TemplatePlace,
        size: usize,
        registry: &Registry<H>,
        cx: &Context<H>,
    ) -> Result<Option<TemplatePlace>, Unfinished> {
        for (number, template) in registry.templates.iter().enumerate().skip(place.template) {
            // A place is one of its own template only, which the caller may not be given any more.
            let after = if number == place.template { place.after } else { 0 };
            let Some(Lister::Pages(list)) = &template.feature.list else { continue };
            if !is_given(cx.caller(), &template.required) {
                continue;
            }
            let limit = size.saturating_sub(shown.len());
            if limit == 0 {
                return Ok(Some(TemplatePlace { template: number, after }));
            }
            let page = list(ListPage { after, limit }, cx.clone()).await;
            let ListedPage { resources, next } = page.map_err(|error| error.unfinished(self.form.version))?;
            shown.extend(resources.into_iter().filter_map(|resource| of_template(resource, template)));
            match next {
                Some(next) if next > after => return Ok(Some(TemplatePlace { template: number, after: next })),
                // The client would ask for the same page for ever.
                Some(_) => return Err(RpcError::internal("A page of resources does not advance the list.").into()),
                None => {}
            }
        }
        Ok(None)
    }
}

fn is_given(caller: Option<&Caller>, required: &ScopeSet) -> bool {
    required.is_empty() || caller.is_some_and(|caller| caller.missing(required).is_empty())
}

/// An entry that a client can use: its URI is one of this template.
fn of_template<H>(mut resource: ListedResource, template: &ValidatedTemplate<H>) -> Option<ListedResource> {
    let uri = Uri::parse(&resource.uri).ok()?;
    template.checked.uri.matches(&uri)?;
    if resource.metadata.mime_type.is_none() {
        resource.metadata.mime_type.clone_from(&template.feature.metadata.mime_type);
    }
    Some(resource)
}

/// What a URI leads to.
pub(crate) enum Found<H> {
    Resource(Rc<ValidatedResource<H>>),
    /// With the values of its variables.
    Template(Rc<ValidatedTemplate<H>>, Value),
}

impl<H: 'static> Found<H> {
    /// The resource with this URI, or else the first template that gives it with variables that its handler takes.
    pub(crate) fn at(uri: &Uri, registry: &Registry<H>) -> Option<Self> {
        if let Some(resource) = registry.resources.iter().find(|resource| resource.checked == *uri) {
            return Some(Self::Resource(Rc::clone(resource)));
        }
        registry.templates.iter().find_map(|template| {
            let variables = template.checked.variables.read(template.checked.uri.matches(uri)?).ok()?;
            Some(Self::Template(Rc::clone(template), variables))
        })
    }

    pub(crate) fn required(&self) -> &ScopeSet {
        match self {
            Self::Resource(resource) => &resource.required,
            Self::Template(template, _) => &template.required,
        }
    }
}

/// A request to read something that can be read.
pub(crate) struct ReadResource<H> {
    found: Found<H>,
    uri: Uri,
}

impl<H: Host> ReadResource<H> {
    pub(crate) fn parse(params: &Object, registry: &Registry<H>, version: ProtocolVersion) -> Result<Self, RpcError> {
        let Some(Value::String(uri)) = params.get("uri") else {
            return Err(RpcError::invalid_params("`uri` must be a string: the URI of a resource."));
        };
        let uri = Uri::parse(uri).map_err(|error| RpcError::invalid_params(format!("`uri` is not a URI: {error}.")))?;
        match Found::at(&uri, registry) {
            Some(found) => Ok(Self { found, uri }),
            None => Err(RpcError::resource_not_found(uri.as_str(), version)),
        }
    }

    pub(crate) async fn run(self, cx: Context<H>) -> Result<ReadResourceResult, Unfinished> {
        let version = cx.protocol_version();
        let place = |mime_type: &Option<String>| ReadRequest {
            uri: self.uri.as_str().to_owned(),
            mime_type: mime_type.clone(),
        };
        let (source, work) = match &self.found {
            Found::Resource(resource) => {
                let source = &resource.feature.source;
                (source, (source.read)(Value::Null, cx, place(&resource.feature.entry.metadata.mime_type)))
            }
            Found::Template(template, variables) => {
                let source = &template.feature.source;
                (source, (source.read)(variables.clone(), cx, place(&template.feature.metadata.mime_type)))
            }
        };
        match work.await {
            // An empty array would say that the resource is there.
            Ok(Some(contents)) if !contents.is_empty() => {
                let ttl_ms = u32::try_from(source.fresh_for.as_millis()).unwrap_or(u32::MAX);
                // What a handler gives may depend on who asks, also where everybody may ask.
                let hints = CacheHints { ttl_ms, scope: CacheScope::Private };
                Ok(ReadResourceResult { contents, version, hints: version.is_modern().then_some(hints) })
            }
            Ok(_) => Err(RpcError::resource_not_found(self.uri.as_str(), version).into()),
            Err(error) => Err(error.unfinished(version)),
        }
    }
}

/// What was read.
pub(crate) struct ReadResourceResult {
    contents: Vec<ResourceContents>,
    version: ProtocolVersion,
    hints: Option<CacheHints>,
}

impl ResultFields for ReadResourceResult {
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let contents: Vec<_> = self.contents.iter().map(|contents| contents.known_to(self.version)).collect();
        map.serialize_entry("contents", &contents)?;
        self.hints.map_or(Ok(()), |hints| hints.write(map))
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::author::connector::Connector;
    use crate::author::resource::Resource;
    use crate::author::resource_template::ResourceTemplate;
    use crate::author::tool_error::ToolError;
    use crate::testing::test_client::{Trial, caller};
    use crate::testing::test_host::TestHost;
    use mcp_connector_base::scope::Scope;

    const READ: Scope = Scope::new("notes:read", "Read your notes");

    #[derive(Deserialize, JsonSchema)]
    struct NoteId {
        id: u64,
    }

    async fn about(_cx: Context<TestHost>) -> Result<&'static str, ToolError> {
        Ok("BaseMetadata.")
    }

    async fn bytes(_cx: Context<TestHost>) -> Result<Vec<u8>, ToolError> {
        Ok(vec![255])
    }

    async fn note(args: NoteId) -> Result<Option<String>, ToolError> {
        match args.id {
            7 => Ok(Some("Seven.".to_owned())),
            8 => Err(ToolError::new("the shelf is empty")),
            _ => Ok(None),
        }
    }

    async fn own_notes(cx: Context<TestHost>) -> Result<Vec<ListedResource>, ToolError> {
        assert_eq!(cx.subject()?.as_str(), "owner");
        Ok(["note://7", "note://9", "other://1", "not a uri"].map(|uri| ListedResource::new(uri, "a note")).into())
    }

    fn notes() -> Trial {
        let template =
            ResourceTemplate::new("note://{id}", "note", "A note.", note).mime_type("text/markdown").scope(READ);
        Trial::of(
            Connector::new("notes", "1")
                .sign_in([READ])
                .resource(Resource::new("about://this", "about", "BaseMetadata this.", about).title("BaseMetadata"))
                .resource(Resource::new("about://bytes", "bytes", "Bytes.", bytes).size(1))
                .template(template.listed_by(own_notes)),
        )
    }

    #[test]
    fn text_and_bytes_are_read() {
        let notes = notes();
        let read = |uri: &str| notes.modern("resources/read", &json!({ "uri": uri }), None)["result"].clone();
        let text = read("about://this");
        assert_eq!(
            text["contents"],
            json!([{"uri": "about://this", "mimeType": "text/plain", "text": "BaseMetadata."}])
        );
        assert_eq!((text["ttlMs"].clone(), text["cacheScope"].clone()), (json!(0), json!("private")));
        let blob = json!([{"uri": "about://bytes", "mimeType": "application/octet-stream", "blob": "/w=="}]);
        assert_eq!(read("about://bytes")["contents"], blob);
        let legacy = notes.legacy("resources/read", &json!({"uri": "note://7"}), Some(&caller("notes:read")));
        let contents = json!([{"uri": "note://7", "mimeType": "text/markdown", "text": "Seven."}]);
        assert_eq!(legacy["result"], json!({ "contents": contents }));
    }

    #[test]
    fn what_is_not_there_is_an_error_that_names_the_uri() {
        let notes = notes();
        let owner = caller("notes:read");
        for uri in ["note://9", "note://x", "note://7/8", "nowhere://1"] {
            let params = json!({ "uri": uri });
            let modern = notes.modern("resources/read", &params, Some(&owner));
            assert_eq!((&modern["error"]["code"], &modern["error"]["data"]["uri"]), (&json!(-32602), &json!(uri)));
            let legacy = notes.legacy("resources/read", &params, Some(&owner));
            assert_eq!((&legacy["error"]["code"], &legacy["error"]["data"]["uri"]), (&json!(-32002), &json!(uri)));
        }
    }

    #[test]
    fn what_is_no_uri_is_refused() {
        for uri in [json!(null), json!(1), json!("note"), json!("note://a b"), json!(format!("a:{}", "b".repeat(5000)))]
        {
            let answer = notes().legacy("resources/read", &json!({ "uri": uri }), None);
            assert_eq!(answer["error"]["code"], -32602, "{uri}");
            assert!(answer["error"].get("data").is_none(), "{uri}");
        }
    }

    #[test]
    fn a_failed_read_is_an_internal_error() {
        let answer = notes().modern("resources/read", &json!({"uri": "note://8"}), Some(&caller("notes:read")));
        assert_eq!(answer["error"], json!({"code": -32603, "message": "the shelf is empty"}));
    }

    #[test]
    fn reading_needs_what_the_resource_needs() {
        let notes = notes();
        let need = |uri: &str| notes.need("resources/read", &json!({ "uri": uri }));
        assert_eq!(need("note://7"), "notes:read");
        // Also where there is none: who may not read notes does not learn which there are.
        assert_eq!(need("note://9"), "notes:read");
        assert_eq!(need("about://this"), "");
        assert_eq!(need("nowhere://1"), "");
        assert_eq!(notes.need("resources/list", &json!({})), "");
    }

    #[test]
    fn a_list_holds_what_the_caller_may_read() {
        let notes = notes();
        let uris = |caller: Option<&Caller>| {
            let (mut uris, mut params) = (Vec::new(), json!({}));
            loop {
                let result = notes.modern("resources/list", &params, caller)["result"].clone();
                assert_eq!(result["cacheScope"], "private", "the same on each page and for each caller");
                let listed = result["resources"].as_array().unwrap().clone();
                uris.extend(listed.iter().map(|resource| resource["uri"].as_str().unwrap().to_owned()));
                match result.get("nextCursor") {
                    Some(cursor) => params = json!({ "cursor": cursor }),
                    None => return uris,
                }
            }
        };
        let public = ["about://this", "about://bytes"];
        assert_eq!(uris(None), public);
        assert_eq!(uris(Some(&caller("profile"))), public);
        assert_eq!(uris(Some(&caller("notes:read"))), ["about://this", "about://bytes", "note://7", "note://9"]);
    }

    async fn numbers(page: ListPage, _cx: Context<TestHost>) -> Result<ListedPage, ToolError> {
        let limit = u64::try_from(page.limit)?;
        let last = page.after.saturating_add(limit).min(5);
        let numbers = page.after.saturating_add(1)..=last;
        let resources = numbers.map(|number| ListedResource::new(format!("number://{number}"), "a number")).collect();
        Ok(ListedPage { resources, next: (last < 5).then_some(last) })
    }

    #[test]
    fn what_a_template_lists_in_pages_follows_the_rest_and_fills_each_page() {
        let one = ResourceTemplate::new("number://{id}", "number", "A number.", note).listed_in_pages(numbers);
        let other = ResourceTemplate::new("note://{id}", "note", "A note.", note).scope(READ).listed_in_pages(
            async |page: ListPage, _: Context<TestHost>| {
                let resources = vec![ListedResource::new(format!("note://{}", page.after.saturating_add(7)), "a note")];
                Ok::<_, ToolError>(ListedPage { resources, next: (page.after == 0).then_some(1) })
            },
        );
        let connector =
            Connector::new("notes", "1").resource(Resource::new("about://this", "about", "BaseMetadata this.", about));
        let trial = Trial::of(connector.template(one).template(other));
        let pages = |caller: Option<&Caller>| {
            let (mut pages, mut params) = (Vec::new(), json!({}));
            loop {
                let result = trial.modern("resources/list", &params, caller)["result"].clone();
                let uris = result["resources"].as_array().unwrap().iter();
                pages.push(uris.map(|resource| resource["uri"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
                match result.get("nextCursor") {
                    Some(cursor) => params = json!({ "cursor": cursor }),
                    None => return pages,
                }
            }
        };
        let public =
            [vec!["about://this", "number://1"], vec!["number://2", "number://3"], vec!["number://4", "number://5"]];
        assert_eq!(pages(None), public);
        let own = [vec!["note://7"], vec!["note://8"]];
        assert_eq!(pages(Some(&caller("notes:read"))), [public.to_vec(), own.to_vec()].concat());
        let made_up = trial.modern("resources/list", &json!({"cursor": "cmVzb3VyY2VzIHRlbXBsYXRlIDAgMDE"}), None);
        assert_eq!(made_up["error"]["code"], -32602);
    }

    #[test]
    fn a_place_in_a_template_that_the_caller_is_not_given_says_nothing_of_the_next() {
        let own = ResourceTemplate::new("note://{id}", "note", "A note.", note).scope(READ).listed_in_pages(numbers);
        let public = ResourceTemplate::new("number://{id}", "number", "A number.", note).listed_in_pages(numbers);
        let trial = Trial::of(Connector::new("notes", "1").template(own).template(public));
        let cursor = TemplatePlace { template: 0, after: 3 }.cursor(LIST);
        let answer = trial.modern("resources/list", &json!({ "cursor": cursor }), None);
        assert_eq!(answer["result"]["resources"][0]["uri"], "number://1");
    }

    #[test]
    fn templates_are_listed_for_everybody() {
        let answer = notes().modern("resources/templates/list", &json!({}), None);
        let template = json!({
            "uriTemplate": "note://{id}", "name": "note", "description": "A note.", "mimeType": "text/markdown",
        });
        assert_eq!(answer["result"]["resourceTemplates"], json!([template]));
        assert_eq!(answer["result"]["cacheScope"], "public");
    }
}
