//! Where things are in a schema document: its resources (`$id`), anchors, and what a reference points at (JSON Schema Core
//! 2020-12 §8.2, §9). References are resolved inside the documents that are at hand and never fetched.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::uri;

/// The dialect this folder implements.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// How deep a schema document may nest.
const MAX_DEPTH: usize = 100;
/// How many resources the documents may hold. They are looked up one by one.
const MAX_RESOURCES: usize = 200;
/// How many schemas a document may hold.
pub(crate) const MAX_SCHEMAS: usize = 10_000;

/// Why a schema was refused, and where. For its author, who reads it in the output of a test.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("schema at `{location}`: {defect}")]
pub struct SchemaError {
    /// JSON pointer into the document, as a URI fragment.
    location: String,
    defect: ConfigError,
}

/// What is wrong with a schema.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum ConfigError {
    #[error("a schema is an object or a boolean")]
    NotASchema,
    #[error("the dialect `{0}` is not supported; this server knows {DIALECT}")]
    Dialect(String),
    #[error("`{keyword}` must be {expected}")]
    Keyword { keyword: &'static str, expected: &'static str },
    #[error("`{0}` is used twice as an identifier")]
    Duplicate(String),
    #[error("`{0}` points outside of this document, and schemas are never fetched")]
    Outside(String),
    #[error("`{0}` points at nothing")]
    Dangling(String),
    #[error("the pattern `{pattern}` cannot be used: {reason}")]
    Pattern { pattern: String, reason: String },
    #[error("it applies itself to the same value without end")]
    Endless,
    #[error("the document nests too deeply or holds too many schemas")]
    TooLarge,
}

impl ConfigError {
    pub(crate) fn at(self, location: &Location) -> SchemaError {
        SchemaError { location: format!("#{}", location.pointer), defect: self }
    }
}

/// A place in one of the documents: a JSON pointer (RFC 6901).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Location {
    document: usize,
    pointer: String,
}

impl Location {
    pub(crate) fn child(&self, token: &str) -> Self {
        let token = token.replace('~', "~0").replace('/', "~1");
        Self { document: self.document, pointer: format!("{}/{token}", self.pointer) }
    }

    fn parent(&self) -> Option<Self> {
        let (pointer, _) = self.pointer.rsplit_once('/')?;
        Some(Self { document: self.document, pointer: pointer.to_owned() })
    }
}

/// The number of a schema resource. Each has its own base URI and anchors.
pub(crate) type ResourceId = usize;

struct Resource {
    uri: String,
    root: Location,
    anchors: Vec<Anchor>,
}

struct Anchor {
    name: String,
    location: Location,
    /// A `$dynamicAnchor`.
    dynamic: bool,
}

impl Resource {
    fn anchor(&self, name: &str) -> Option<&Anchor> {
        self.anchors.iter().find(|anchor| anchor.name == name)
    }
}

/// What a reference points at.
pub(crate) struct Target {
    pub(crate) location: Location,
    /// The name of the dynamic anchor it was found by.
    pub(crate) dynamic: Option<String>,
}

/// The documents with everything in them that has a name.
pub(crate) struct Library<'v> {
    documents: Vec<&'v Value>,
    resources: Vec<Resource>,
    /// Each URI of a resource. A document that was handed over under one name and calls itself another has two.
    uris: Vec<(String, ResourceId)>,
    /// All schemas of the first document.
    schemas: Vec<Location>,
}

impl<'v> Library<'v> {
    /// Reads the document, and `others` by their URIs.
    pub(crate) fn read(document: &'v Value, others: &'v [(String, Value)]) -> Result<Self, SchemaError> {
        let mut library = Self { documents: Vec::new(), resources: Vec::new(), uris: Vec::new(), schemas: Vec::new() };
        library.add("", document)?;
        for (uri, other) in others {
            library.add(uri, other)?;
        }
        Ok(library)
    }

    fn add(&mut self, uri: &str, document: &'v Value) -> Result<(), SchemaError> {
        let root = Location { document: self.documents.len(), pointer: String::new() };
        self.documents.push(document);
        let resource = self.add_resource(uri.to_owned(), root.clone())?;
        self.walk(document, &root, resource, 0)
    }

    fn add_resource(&mut self, uri: String, root: Location) -> Result<ResourceId, SchemaError> {
        let id = self.resources.len();
        if id >= MAX_RESOURCES {
            return Err(ConfigError::TooLarge.at(&root));
        }
        self.add_uri(uri.clone(), id, &root)?;
        self.resources.push(Resource { uri, root, anchors: Vec::new() });
        Ok(id)
    }

    fn add_uri(&mut self, uri: String, id: ResourceId, location: &Location) -> Result<(), SchemaError> {
        match self.by_uri(&uri) {
            Some(known) if known != id => return Err(ConfigError::Duplicate(uri).at(location)),
            Some(_) => {}
            None => self.uris.push((uri, id)),
        }
        Ok(())
    }

    fn by_uri(&self, uri: &str) -> Option<ResourceId> {
        self.uris.iter().find(|(known, _)| known == uri).map(|(_, id)| *id)
    }

    /// Notes every identifier in the schema and the schemas in it. Only keywords that hold schemas are followed: an `$id`
    /// in an `enum` identifies nothing.
    fn walk(
        &mut self,
        schema: &'v Value,
        location: &Location,
        mut resource: ResourceId,
        depth: usize,
    ) -> Result<(), SchemaError> {
        if depth > MAX_DEPTH || self.schemas.len() >= MAX_SCHEMAS {
            return Err(ConfigError::TooLarge.at(location));
        }
        let keywords = match schema {
            Value::Object(keywords) => keywords,
            Value::Bool(_) => return Ok(()),
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return Err(ConfigError::NotASchema.at(location));
            }
        };
        if location.document == 0 {
            self.schemas.push(location.clone());
        }
        if let Some(dialect) = text(keywords, "$schema", location)? {
            // An empty fragment means the same document.
            if dialect.strip_suffix('#').unwrap_or(dialect) != DIALECT {
                return Err(ConfigError::Dialect(dialect.chars().take(200).collect()).at(location));
            }
        }
        if let Some(id) = text(keywords, "$id", location)? {
            resource = self.identify(id, location, resource)?;
        }
        for (keyword, dynamic) in [("$anchor", false), ("$dynamicAnchor", true)] {
            if let Some(name) = text(keywords, keyword, location)? {
                self.name(name, dynamic, location, resource)?;
            }
        }
        let mut result = Ok(());
        each_subschema(keywords, location, &mut |child, at| {
            if result.is_ok() {
                result = self.walk(child, &at, resource, depth.saturating_add(1));
            }
        })?;
        result
    }

    fn identify(&mut self, id: &str, location: &Location, outer: ResourceId) -> Result<ResourceId, SchemaError> {
        let (id, fragment) = uri::split_fragment(id);
        if fragment.is_some_and(|fragment| !fragment.is_empty()) {
            let expected = "a URI without fragment (a name inside a schema is an `$anchor`)";
            return Err(ConfigError::Keyword { keyword: "$id", expected }.at(location));
        }
        let base = self.resources.get(outer).map_or("", |resource| resource.uri.as_str());
        let uri = uri::resolve(base, id);
        if location.pointer.is_empty() {
            // The root of a document keeps the name it came by, and takes its own.
            self.add_uri(uri.clone(), outer, location)?;
            if let Some(resource) = self.resources.get_mut(outer) {
                resource.uri = uri;
            }
            return Ok(outer);
        }
        self.add_resource(uri, location.clone())
    }

    fn name(&mut self, name: &str, dynamic: bool, location: &Location, id: ResourceId) -> Result<(), SchemaError> {
        let well_formed = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.'));
        if !well_formed {
            let keyword = if dynamic { "$dynamicAnchor" } else { "$anchor" };
            let expected = "a letter or `_`, followed by letters, digits, `-`, `_` or `.`";
            return Err(ConfigError::Keyword { keyword, expected }.at(location));
        }
        let Some(resource) = self.resources.get_mut(id) else { return Ok(()) };
        match resource.anchors.iter_mut().find(|anchor| anchor.name == name) {
            // The same place may carry the name as both kinds of anchor.
            Some(known) if known.location == *location => known.dynamic |= dynamic,
            Some(_) => return Err(ConfigError::Duplicate(name.to_owned()).at(location)),
            None => resource.anchors.push(Anchor { name: name.to_owned(), location: location.clone(), dynamic }),
        }
        Ok(())
    }

    /// The root of the first document.
    pub(crate) fn root() -> Location {
        Location { document: 0, pointer: String::new() }
    }

    /// All schemas of the first document that are objects.
    pub(crate) fn schemas(&self) -> &[Location] {
        &self.schemas
    }

    pub(crate) fn value_at(&self, location: &Location) -> Option<&'v Value> {
        self.documents.get(location.document)?.pointer(&location.pointer)
    }

    /// The resource a place belongs to: the nearest one around it.
    pub(crate) fn resource_at(&self, location: &Location) -> ResourceId {
        let mut place = Some(location.clone());
        while let Some(location) = place {
            if let Some(id) = self.resources.iter().position(|resource| resource.root == location) {
                return id;
            }
            place = location.parent();
        }
        0
    }

    /// Each resource that has a dynamic anchor of this name, with the schema that carries it.
    pub(crate) fn dynamic_anchors(&self, name: &str) -> Vec<(ResourceId, Location)> {
        let anchored = |(id, resource): (ResourceId, &Resource)| {
            let anchor = resource.anchor(name).filter(|anchor| anchor.dynamic)?;
            Some((id, anchor.location.clone()))
        };
        self.resources.iter().enumerate().filter_map(anchored).collect()
    }

    /// What `reference`, standing at `from`, points at.
    pub(crate) fn resolve(&self, from: &Location, reference: &str) -> Result<Target, ConfigError> {
        let shown = || reference.chars().take(200).collect::<String>();
        let (relative, fragment) = uri::split_fragment(reference);
        let own = self.resource_at(from);
        let id = if relative.is_empty() {
            own
        } else {
            let base = self.resources.get(own).map_or("", |resource| resource.uri.as_str());
            self.by_uri(&uri::resolve(base, relative)).ok_or_else(|| ConfigError::Outside(shown()))?
        };
        let resource = self.resources.get(id).ok_or_else(|| ConfigError::Dangling(shown()))?;
        let fragment =
            uri::percent_decoded(fragment.unwrap_or_default()).ok_or_else(|| ConfigError::Dangling(shown()))?;
        if fragment.is_empty() || fragment.starts_with('/') {
            let pointer = format!("{}{fragment}", resource.root.pointer);
            let location = Location { document: resource.root.document, pointer };
            return match self.value_at(&location) {
                Some(_) => Ok(Target { location, dynamic: None }),
                None => Err(ConfigError::Dangling(shown())),
            };
        }
        let anchor = resource.anchor(&fragment).ok_or_else(|| ConfigError::Dangling(shown()))?;
        Ok(Target { location: anchor.location.clone(), dynamic: anchor.dynamic.then_some(fragment) })
    }
}

/// The text of a keyword, if it is there.
pub(crate) fn text<'v>(
    keywords: &'v Map<String, Value>,
    keyword: &'static str,
    location: &Location,
) -> Result<Option<&'v str>, SchemaError> {
    match keywords.get(keyword) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ConfigError::Keyword { keyword, expected: "a string" }.at(location)),
    }
}

/// Keywords whose value is a schema.
const ONE: [&str; 11] = [
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords whose value is a list of schemas.
const LIST: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords whose value is an object of schemas.
const NAMED: [&str; 4] = ["$defs", "dependentSchemas", "patternProperties", "properties"];

/// Calls `visit` for each schema directly inside this one.
fn each_subschema<'v>(
    keywords: &'v Map<String, Value>,
    location: &Location,
    visit: &mut dyn FnMut(&'v Value, Location),
) -> Result<(), SchemaError> {
    for keyword in ONE {
        if let Some(schema) = keywords.get(keyword) {
            visit(schema, location.child(keyword));
        }
    }
    for keyword in LIST {
        match keywords.get(keyword) {
            None => {}
            Some(Value::Array(schemas)) if !schemas.is_empty() => {
                let at = location.child(keyword);
                for (index, schema) in schemas.iter().enumerate() {
                    visit(schema, at.child(&index.to_string()));
                }
            }
            Some(_) => {
                return Err(ConfigError::Keyword { keyword, expected: "a list of at least one schema" }.at(location));
            }
        }
    }
    for keyword in NAMED {
        match keywords.get(keyword) {
            None => {}
            Some(Value::Object(schemas)) => {
                let at = location.child(keyword);
                for (name, schema) in schemas {
                    visit(schema, at.child(name));
                }
            }
            Some(_) => return Err(ConfigError::Keyword { keyword, expected: "an object of schemas" }.at(location)),
        }
    }
    Ok(())
}
