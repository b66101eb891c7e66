//! Compiles a schema document: each keyword is read once, each reference resolved, each pattern compiled.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::compile::infinite_recursion::refuse_infinite_recursion;
use crate::compile::keyword_values::SchemaObject;
use crate::document::location::Location;
use crate::document::schema_document::{MAX_SCHEMAS, SchemaDocument};
use crate::document::schema_error::{SchemaError, SchemaErrorKind};
use crate::document::subschemas::{schema_array, schema_object};
use crate::keywords::compiled::{
    ArrayKeywords, CompiledSchema, Contains, InPlaceApplicator, Keywords, Node, NumberKeywords, ObjectKeywords,
    SchemaId, StringKeywords,
};

/// Compiles a document.
pub(crate) fn compile(document: &Value) -> Result<CompiledSchema, SchemaError> {
    let document = SchemaDocument::read(document)?;
    let mut compiler = Compiler { document: &document, locations: Vec::new(), ids: HashMap::new() };
    compiler.id_of(Location::root());
    for location in document.schemas() {
        compiler.id_of(location.clone());
    }
    let mut schemas = Vec::new();
    // Compiling a schema gives numbers to the schemas that it applies, which adds them to the locations.
    while let Some(location) = compiler.locations.get(schemas.len()).cloned() {
        if schemas.len() > MAX_SCHEMAS {
            return Err(SchemaErrorKind::TooLarge.at(&location));
        }
        schemas.push(compiler.node(&location)?);
    }
    refuse_infinite_recursion(&schemas, &compiler.locations)?;
    Ok(CompiledSchema { schemas })
}

struct Compiler<'d> {
    document: &'d SchemaDocument<'d>,
    /// The location of each schema, by its number.
    locations: Vec<Location>,
    ids: HashMap<Location, SchemaId>,
}

impl Compiler<'_> {
    /// Returns the number of the schema at a location. A new schema gets the next number.
    fn id_of(&mut self, location: Location) -> SchemaId {
        *self.ids.entry(location).or_insert_with_key(|location| {
            self.locations.push(location.clone());
            self.locations.len() - 1
        })
    }

    fn node(&mut self, location: &Location) -> Result<Node, SchemaError> {
        let schema = match self.document.value_at(location) {
            Some(Value::Bool(true)) => return Ok(Node::True),
            Some(Value::Bool(false)) => return Ok(Node::False),
            Some(Value::Object(keywords)) => SchemaObject { keywords, location },
            _ => return Err(SchemaErrorKind::NotASchema.at(location)),
        };
        Ok(Node::Keywords(Box::new(Keywords {
            types: schema.types()?,
            constant: schema.get("const").cloned(),
            enumeration: schema.enumeration()?,
            number: NumberKeywords {
                multiple_of: schema.multiple_of()?,
                maximum: schema.number("maximum")?,
                exclusive_maximum: schema.number("exclusiveMaximum")?,
                minimum: schema.number("minimum")?,
                exclusive_minimum: schema.number("exclusiveMinimum")?,
            },
            string: StringKeywords {
                max_length: schema.count("maxLength")?,
                min_length: schema.count("minLength")?,
                pattern: schema.pattern()?,
            },
            array: self.array(schema)?,
            object: self.object(schema)?,
            in_place: self.in_place(schema)?,
            unevaluated_items: self.subschema(schema, "unevaluatedItems"),
            unevaluated_properties: self.subschema(schema, "unevaluatedProperties"),
        })))
    }

    fn array(&mut self, schema: SchemaObject<'_>) -> Result<ArrayKeywords, SchemaError> {
        let (min, max) = (schema.count("minContains")?, schema.count("maxContains")?);
        let contains = self.subschema(schema, "contains");
        Ok(ArrayKeywords {
            max_items: schema.count("maxItems")?,
            min_items: schema.count("minItems")?,
            unique_items: schema.flag("uniqueItems")?,
            prefix_items: self.subschema_array(schema, "prefixItems")?.unwrap_or_default(),
            items: self.subschema(schema, "items"),
            contains: contains.map(|schema| Contains { schema, min: min.unwrap_or(1), max }),
        })
    }

    fn object(&mut self, schema: SchemaObject<'_>) -> Result<ObjectKeywords, SchemaError> {
        let patterns = self.subschema_object(schema, "patternProperties")?.into_iter();
        let patterns = patterns.map(|(source, id)| Ok((schema.compiled_pattern(&source)?, id)));
        Ok(ObjectKeywords {
            max_properties: schema.count("maxProperties")?,
            min_properties: schema.count("minProperties")?,
            required: schema.required()?,
            dependent_required: schema.dependent_required()?,
            properties: self.subschema_object(schema, "properties")?,
            pattern_properties: patterns.collect::<Result<_, SchemaError>>()?,
            additional_properties: self.subschema(schema, "additionalProperties"),
            property_names: self.subschema(schema, "propertyNames"),
            dependent_schemas: self.subschema_object(schema, "dependentSchemas")?,
        })
    }

    fn in_place(&mut self, schema: SchemaObject<'_>) -> Result<Vec<InPlaceApplicator>, SchemaError> {
        let mut applicators = Vec::new();
        if let Some(reference) = schema.text("$ref")? {
            let target = self.document.resolve(schema.location, reference);
            let target = target.map_err(|kind| kind.at(schema.location))?;
            applicators.push(InPlaceApplicator::Ref(self.id_of(target)));
        }
        applicators.extend(self.subschema_array(schema, "allOf")?.map(InPlaceApplicator::AllOf));
        applicators.extend(self.subschema_array(schema, "anyOf")?.map(InPlaceApplicator::AnyOf));
        applicators.extend(self.subschema_array(schema, "oneOf")?.map(InPlaceApplicator::OneOf));
        applicators.extend(self.subschema(schema, "not").map(InPlaceApplicator::Not));
        if let Some(condition) = self.subschema(schema, "if") {
            let then = self.subschema(schema, "then");
            let otherwise = self.subschema(schema, "else");
            applicators.push(InPlaceApplicator::If { condition, then, otherwise });
        }
        Ok(applicators)
    }

    fn subschema(&mut self, schema: SchemaObject<'_>, keyword: &str) -> Option<SchemaId> {
        schema.get(keyword).map(|_| self.id_of(schema.location.child(keyword)))
    }

    fn subschema_array(
        &mut self,
        schema: SchemaObject<'_>,
        keyword: &'static str,
    ) -> Result<Option<Vec<SchemaId>>, SchemaError> {
        let Some(value) = schema.get(keyword) else { return Ok(None) };
        let schemas = schema_array(value, keyword, schema.location)?;
        let at = schema.location.child(keyword);
        Ok(Some((0..schemas.len()).map(|index| self.id_of(at.child(&index.to_string()))).collect()))
    }

    fn subschema_object(
        &mut self,
        schema: SchemaObject<'_>,
        keyword: &'static str,
    ) -> Result<BTreeMap<String, SchemaId>, SchemaError> {
        let Some(value) = schema.get(keyword) else { return Ok(BTreeMap::new()) };
        let at = schema.location.child(keyword);
        let schemas = schema_object(value, keyword, schema.location)?;
        Ok(schemas.keys().map(|name| (name.clone(), self.id_of(at.child(name)))).collect())
    }
}
