//! A compiled schema: what each keyword demands, in the form in which it is checked. References are numbers here, patterns
//! are ready, and nothing can be malformed.

use serde_json::{Number, Value};

use super::document::ResourceId;
use super::number::Divisor;
use super::pattern::Pattern;
use super::view::View;

/// The number of a schema in its [`Tree`].
pub(super) type NodeId = usize;

/// All schemas of a document, by number. The first is the root.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

/// One schema.
#[derive(Debug)]
pub(super) enum Node {
    /// `true`, or no keyword that demands anything.
    Anything,
    /// `false`.
    Nothing,
    Keywords(Box<Keywords>),
}

/// The keywords of a schema, grouped by the kind of value they speak about. A group that is not there costs one look.
#[derive(Debug)]
pub(super) struct Keywords {
    pub(super) resource: ResourceId,
    pub(super) types: Option<Types>,
    pub(super) constant: Option<Value>,
    pub(super) options: Option<Vec<Value>>,
    pub(super) number: Option<Box<NumberRules>>,
    pub(super) string: Option<Box<StringRules>>,
    pub(super) array: Option<Box<ArrayRules>>,
    pub(super) object: Option<Box<ObjectRules>>,
    pub(super) in_place: Vec<InPlace>,
    pub(super) unevaluated_items: Option<NodeId>,
    pub(super) unevaluated_properties: Option<NodeId>,
}

/// Validation §6.2.
#[derive(Debug, Default)]
pub(super) struct NumberRules {
    pub(super) multiple_of: Option<(Divisor, Number)>,
    pub(super) maximum: Option<Number>,
    pub(super) exclusive_maximum: Option<Number>,
    pub(super) minimum: Option<Number>,
    pub(super) exclusive_minimum: Option<Number>,
}

/// Validation §6.3.
#[derive(Debug, Default)]
pub(super) struct StringRules {
    pub(super) max_length: Option<usize>,
    pub(super) min_length: Option<usize>,
    pub(super) pattern: Option<Pattern>,
}

/// Validation §6.4 and Core §10.3.1.
#[derive(Debug, Default)]
pub(super) struct ArrayRules {
    pub(super) max_items: Option<usize>,
    pub(super) min_items: Option<usize>,
    pub(super) unique: bool,
    pub(super) prefix: Vec<NodeId>,
    pub(super) items: Option<NodeId>,
    pub(super) contains: Option<Contains>,
}

/// `contains` with its two companions, which mean nothing without it.
#[derive(Debug)]
pub(super) struct Contains {
    pub(super) schema: NodeId,
    pub(super) min: usize,
    pub(super) max: Option<usize>,
}

/// Validation §6.5 and Core §10.3.2.
#[derive(Debug, Default)]
pub(super) struct ObjectRules {
    pub(super) max_properties: Option<usize>,
    pub(super) min_properties: Option<usize>,
    pub(super) required: Vec<String>,
    /// Where the property is present, these must be too.
    pub(super) dependent_required: Vec<(String, Vec<String>)>,
    /// Sorted by name.
    pub(super) properties: Vec<(String, NodeId)>,
    pub(super) patterns: Vec<(Pattern, NodeId)>,
    pub(super) additional: Option<NodeId>,
    pub(super) names: Option<NodeId>,
    pub(super) dependent_schemas: Vec<(String, NodeId)>,
}

impl ObjectRules {
    pub(super) fn property(&self, name: &str) -> Option<NodeId> {
        let index = self.properties.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        self.properties.get(index).map(|(_, node)| *node)
    }
}

/// Keywords that apply further schemas to the same value (Core §8.2.3, §10.2).
#[derive(Debug)]
pub(super) enum InPlace {
    Reference(NodeId),
    Dynamic {
        /// Where the reference points if no outer resource says otherwise.
        initial: NodeId,
        /// Every resource that carries the anchor.
        anchors: Vec<(ResourceId, NodeId)>,
    },
    AllOf(Vec<NodeId>),
    AnyOf(Vec<NodeId>),
    OneOf(Vec<NodeId>),
    Not(NodeId),
    Conditional {
        condition: NodeId,
        then: Option<NodeId>,
        otherwise: Option<NodeId>,
    },
}

/// The names of `type`. An integer is a number, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Types(u8);

/// Each name with its bit and its article. `number` covers `integer`.
const TYPES: [(&str, u8, &str); 7] = [
    ("string", 1, "a string"),
    ("integer", 2, "an integer"),
    ("number", 6, "a number"),
    ("boolean", 8, "a boolean"),
    ("object", 16, "an object"),
    ("array", 32, "an array"),
    ("null", 64, "null"),
];

impl Types {
    pub(super) const NONE: Self = Self(0);

    /// The set with one more member, or nothing if no type has this name.
    pub(super) fn with(self, name: &str) -> Option<Self> {
        let (_, bits, _) = TYPES.iter().find(|(known, ..)| *known == name)?;
        Some(Self(self.0 | bits))
    }

    pub(super) fn admit(self, view: View<'_>) -> bool {
        let bit = match view {
            View::String(_) => 1,
            View::Number(number) => {
                // Most schemas say `number` or the value is plainly an integer: only a float costs a closer look.
                if self.0 & 6 == 2 && !super::number::is_integer(number) { 4 } else { 6 }
            }
            View::Bool(_) => 8,
            View::Object(_) => 16,
            View::Array(_) => 32,
            View::Null => 64,
        };
        self.0 & bit != 0
    }

    pub(super) const fn admit_integers(self) -> bool {
        self.0 & 2 != 0
    }

    /// `a string or null`.
    pub(super) fn in_words(self) -> String {
        let mut left = self.0;
        let mut words: Vec<&str> = Vec::new();
        // The widest name first, so that a number is not also called an integer.
        for (name, bits, words_of_type) in TYPES {
            if left & bits == bits && !(name == "integer" && left & 6 == 6) {
                left &= !bits;
                words.push(words_of_type);
            }
        }
        words.join(" or ")
    }
}
