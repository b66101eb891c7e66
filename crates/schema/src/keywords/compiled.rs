//! A compiled schema. References are numbers, patterns are compiled, and nothing can be malformed.

use std::collections::BTreeMap;

use serde_json::{Number, Value};

use crate::keywords::multiple_of::Divisor;
use crate::keywords::pattern::Pattern;
use crate::keywords::types::Types;

/// The number of a schema in its [`CompiledSchema`].
pub(crate) type SchemaId = usize;

/// All schemas of a document, by number. The first is the document itself.
#[derive(Debug)]
pub(crate) struct CompiledSchema {
    pub(crate) schemas: Vec<Node>,
}

/// One schema.
#[derive(Debug)]
pub(crate) enum Node {
    /// `true`: every value is valid.
    True,
    /// `false`: no value is valid.
    False,
    Keywords(Box<Keywords>),
}

/// The keywords of a schema, grouped by the type of value that they apply to.
#[derive(Debug)]
pub(crate) struct Keywords {
    pub(crate) types: Option<Types>,
    pub(crate) constant: Option<Value>,
    pub(crate) enumeration: Option<Vec<Value>>,
    pub(crate) number: NumberKeywords,
    pub(crate) string: StringKeywords,
    pub(crate) array: ArrayKeywords,
    pub(crate) object: ObjectKeywords,
    pub(crate) in_place: Vec<InPlaceApplicator>,
    pub(crate) unevaluated_items: Option<SchemaId>,
    pub(crate) unevaluated_properties: Option<SchemaId>,
}

/// Validation keywords for numbers (Validation §6.2).
#[derive(Debug)]
pub(crate) struct NumberKeywords {
    pub(crate) multiple_of: Option<Divisor>,
    pub(crate) maximum: Option<Number>,
    pub(crate) exclusive_maximum: Option<Number>,
    pub(crate) minimum: Option<Number>,
    pub(crate) exclusive_minimum: Option<Number>,
}

/// Validation keywords for strings (Validation §6.3).
#[derive(Debug)]
pub(crate) struct StringKeywords {
    pub(crate) max_length: Option<usize>,
    pub(crate) min_length: Option<usize>,
    pub(crate) pattern: Option<Pattern>,
}

/// Keywords for arrays (Validation §6.4, Core §10.3.1).
#[derive(Debug)]
pub(crate) struct ArrayKeywords {
    pub(crate) max_items: Option<usize>,
    pub(crate) min_items: Option<usize>,
    pub(crate) unique_items: bool,
    pub(crate) prefix_items: Vec<SchemaId>,
    pub(crate) items: Option<SchemaId>,
    pub(crate) contains: Option<Contains>,
}

/// `contains` with `minContains` and `maxContains`, which mean nothing without it.
#[derive(Debug)]
pub(crate) struct Contains {
    pub(crate) schema: SchemaId,
    pub(crate) min: usize,
    pub(crate) max: Option<usize>,
}

/// Keywords for objects (Validation §6.5, Core §10.2.2.4 and §10.3.2).
#[derive(Debug)]
pub(crate) struct ObjectKeywords {
    pub(crate) max_properties: Option<usize>,
    pub(crate) min_properties: Option<usize>,
    pub(crate) required: Vec<String>,
    pub(crate) dependent_required: BTreeMap<String, Vec<String>>,
    pub(crate) properties: BTreeMap<String, SchemaId>,
    pub(crate) pattern_properties: Vec<(Pattern, SchemaId)>,
    pub(crate) additional_properties: Option<SchemaId>,
    pub(crate) property_names: Option<SchemaId>,
    pub(crate) dependent_schemas: BTreeMap<String, SchemaId>,
}

/// Keywords that apply further schemas to the same value (Core §8.2.3, §10.2).
#[derive(Debug)]
pub(crate) enum InPlaceApplicator {
    Ref(SchemaId),
    AllOf(Vec<SchemaId>),
    AnyOf(Vec<SchemaId>),
    OneOf(Vec<SchemaId>),
    Not(SchemaId),
    If { condition: SchemaId, then: Option<SchemaId>, otherwise: Option<SchemaId> },
}
