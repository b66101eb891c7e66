//! A schema document: its schema resources (`$id`), its anchors, and what a reference points at (Core §8.2, §9).

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use url::Url;

use crate::document::location::Location;
use crate::document::schema_error::{DIALECT, SchemaError, SchemaErrorKind, excerpt};
use crate::document::subschemas::subschemas;

/// The base URI of a document that has no `$id` (RFC 3986 §5.1.4).
const DEFAULT_BASE: &str = "json-schema:///";
/// How deep a schema document may nest.
const MAX_DEPTH: usize = 100;
/// How many schemas a document may hold.
pub(crate) const MAX_SCHEMAS: usize = 10_000;

/// A schema resource: a schema with its own base URI, and what belongs to it.
struct Resource {
    uri: Url,
    root: Location,
    anchors: HashMap<String, Location>,
}

/// A schema document, with everything in it that has a name.
pub(crate) struct SchemaDocument<'v> {
    document: &'v Value,
    /// The first one is the document itself.
    resources: Vec<Resource>,
    by_uri: HashMap<Url, usize>,
    by_root: HashMap<Location, usize>,
    /// All schemas that are objects.
    schemas: Vec<Location>,
}

impl<'v> SchemaDocument<'v> {
    /// Finds every schema in the document and everything that has a name.
    pub(crate) fn read(document: &'v Value) -> Result<Self, SchemaError> {
        let (resources, schemas) = (Vec::new(), Vec::new());
        let mut read = Self { document, resources, by_uri: HashMap::new(), by_root: HashMap::new(), schemas };
        let root = Location::root();
        let base = Url::parse(DEFAULT_BASE).map_err(|_| SchemaErrorKind::NotASchema.at(&root))?;
        let uri = match document.as_object().map(|schema| text(schema, "$id", &root)) {
            Some(id) => id?.map_or(Ok(base.clone()), |id| identifier(&base, id, &root))?,
            None => base,
        };
        read.add_resource(uri, &root)?;
        read.visit(document, &root, 0, 0)?;
        Ok(read)
    }

    fn add_resource(&mut self, uri: Url, root: &Location) -> Result<usize, SchemaError> {
        let id = self.resources.len();
        if self.by_uri.insert(uri.clone(), id).is_some() {
            let shown = uri.as_str().strip_prefix(DEFAULT_BASE).unwrap_or(uri.as_str());
            return Err(SchemaErrorKind::DuplicateIdentifier(excerpt(shown)).at(root));
        }
        self.by_root.insert(root.clone(), id);
        self.resources.push(Resource { uri, root: root.clone(), anchors: HashMap::new() });
        Ok(id)
    }

    /// Visits a schema and the schemas in it. Only keywords that hold schemas are followed: an `$id` in an `enum` identifies
    /// nothing.
    fn visit(
        &mut self,
        schema: &'v Value,
        location: &Location,
        mut resource: usize,
        depth: usize,
    ) -> Result<(), SchemaError> {
        if depth > MAX_DEPTH || self.schemas.len() >= MAX_SCHEMAS {
            return Err(SchemaErrorKind::TooLarge.at(location));
        }
        let schema = match schema {
            Value::Object(schema) => schema,
            Value::Bool(_) => return Ok(()),
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return Err(SchemaErrorKind::NotASchema.at(location));
            }
        };
        self.schemas.push(location.clone());
        if let Some(dialect) = text(schema, "$schema", location)?
            // An empty fragment means the same document.
            && dialect.strip_suffix('#').unwrap_or(dialect) != DIALECT
        {
            return Err(SchemaErrorKind::Dialect(excerpt(dialect)).at(location));
        }
        for keyword in ["$dynamicRef", "$dynamicAnchor"] {
            if schema.contains_key(keyword) {
                return Err(SchemaErrorKind::UnsupportedKeyword(keyword).at(location));
            }
        }
        if let Some(id) = text(schema, "$id", location)?
            && *location != Location::root()
            && let Some(outer) = self.resources.get(resource)
        {
            resource = self.add_resource(identifier(&outer.uri, id, location)?, location)?;
        }
        if let Some(name) = text(schema, "$anchor", location)? {
            self.add_anchor(name, location, resource)?;
        }
        for (subschema, at) in subschemas(schema, location)? {
            self.visit(subschema, &at, resource, depth + 1)?;
        }
        Ok(())
    }

    fn add_anchor(&mut self, name: &str, location: &Location, resource: usize) -> Result<(), SchemaError> {
        let well_formed = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.'));
        if !well_formed {
            let expected = "a letter or `_`, followed by letters, digits, `-`, `_` or `.`";
            return Err(SchemaErrorKind::Keyword { keyword: "$anchor", expected }.at(location));
        }
        let Some(resource) = self.resources.get_mut(resource) else { return Ok(()) };
        match resource.anchors.insert(name.to_owned(), location.clone()) {
            Some(_) => Err(SchemaErrorKind::DuplicateIdentifier(name.to_owned()).at(location)),
            None => Ok(()),
        }
    }

    /// Returns the locations of all schemas that are objects.
    pub(crate) fn schemas(&self) -> &[Location] {
        &self.schemas
    }

    pub(crate) fn value_at(&self, location: &Location) -> Option<&'v Value> {
        self.document.pointer(location.as_pointer())
    }

    /// Returns the schema resource that a location belongs to: the nearest one around it.
    fn resource_at(&self, location: &Location) -> Option<&Resource> {
        let mut around = std::iter::successors(Some(location.clone()), Location::parent);
        self.resources.get(around.find_map(|location| self.by_root.get(&location).copied())?)
    }

    /// Returns the location that a reference in the schema at `from` points at.
    pub(crate) fn resolve(&self, from: &Location, reference: &str) -> Result<Location, SchemaErrorKind> {
        let dangling = || SchemaErrorKind::DanglingReference(excerpt(reference));
        let outside = || SchemaErrorKind::ReferenceOutside(excerpt(reference));
        let own = self.resource_at(from).ok_or_else(dangling)?;
        let (relative, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let resource = if relative.is_empty() {
            own
        } else {
            let target = own.uri.join(relative).map_err(|_| outside())?;
            self.by_uri.get(&target).and_then(|id| self.resources.get(*id)).ok_or_else(outside)?
        };
        let fragment = percent_decode_str(fragment).decode_utf8().map_err(|_| dangling())?;
        let location = if fragment.is_empty() || fragment.starts_with('/') {
            resource.root.join(&fragment)
        } else {
            resource.anchors.get(fragment.as_ref()).ok_or_else(dangling)?.clone()
        };
        self.value_at(&location).map(|_| location).ok_or_else(dangling)
    }
}

/// Returns the URI that an `$id` means. It may end in an empty fragment.
fn identifier(base: &Url, id: &str, location: &Location) -> Result<Url, SchemaError> {
    let expected = "a URI without fragment (a name inside a schema is an `$anchor`)";
    let refused = || SchemaErrorKind::Keyword { keyword: "$id", expected }.at(location);
    let mut uri = base.join(id).map_err(|_| refused())?;
    if uri.fragment().is_some_and(|fragment| !fragment.is_empty()) {
        return Err(refused());
    }
    uri.set_fragment(None);
    Ok(uri)
}

/// Returns the text of a keyword, if the keyword is present.
pub(crate) fn text<'v>(
    schema: &'v Map<String, Value>,
    keyword: &'static str,
    location: &Location,
) -> Result<Option<&'v str>, SchemaError> {
    match schema.get(keyword) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(SchemaErrorKind::Keyword { keyword, expected: "a string" }.at(location)),
    }
}
