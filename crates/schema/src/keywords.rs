//! A compiled schema: what each keyword demands, in the form in which it is checked. References are numbers here, patterns
//! are ready, and nothing can be malformed.

use serde_json::{Number, Value};

use crate::document::ResourceId;
use crate::number::Divisor;
use crate::pattern::Pattern;
use crate::view::View;

/// The number of a schema in its [`Tree`].
pub(crate) type NodeId = usize;

/// All schemas of a document, by number. The first is the root.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
}

/// One schema.
#[derive(Debug)]
pub(crate) enum Node {
    /// `true`, or no keyword that demands anything.
    Anything,
    /// `false`.
    Nothing,
    Keywords(Box<Keywords>),
}

/// The keywords of a schema, grouped by the kind of value they speak about. A group that is not there costs one look.
#[derive(Debug)]
pub(crate) struct Keywords {
    pub(crate) resource: ResourceId,
    pub(crate) types: Option<Types>,
    pub(crate) constant: Option<Value>,
    pub(crate) options: Option<Vec<Value>>,
    pub(crate) number: Option<Box<NumberRules>>,
    pub(crate) string: Option<Box<StringRules>>,
    pub(crate) array: Option<Box<ArrayRules>>,
    pub(crate) object: Option<Box<ObjectRules>>,
    pub(crate) in_place: Vec<InPlace>,
    pub(crate) unevaluated_items: Option<NodeId>,
    pub(crate) unevaluated_properties: Option<NodeId>,
}

/// Validation §6.2.
#[derive(Debug, Default)]
pub(crate) struct NumberRules {
    pub(crate) multiple_of: Option<(Divisor, Number)>,
    pub(crate) maximum: Option<Number>,
    pub(crate) exclusive_maximum: Option<Number>,
    pub(crate) minimum: Option<Number>,
    pub(crate) exclusive_minimum: Option<Number>,
}

/// Validation §6.3.
#[derive(Debug, Default)]
pub(crate) struct StringRules {
    pub(crate) max_length: Option<usize>,
    pub(crate) min_length: Option<usize>,
    pub(crate) pattern: Option<Pattern>,
}

/// Validation §6.4 and Core §10.3.1.
#[derive(Debug, Default)]
pub(crate) struct ArrayRules {
    pub(crate) max_items: Option<usize>,
    pub(crate) min_items: Option<usize>,
    pub(crate) unique: bool,
    pub(crate) prefix: Vec<NodeId>,
    pub(crate) items: Option<NodeId>,
    pub(crate) contains: Option<Contains>,
}

/// `contains` with its two companions, which mean nothing without it.
#[derive(Debug)]
pub(crate) struct Contains {
    pub(crate) schema: NodeId,
    pub(crate) min: usize,
    pub(crate) max: Option<usize>,
}

/// Validation §6.5 and Core §10.3.2.
#[derive(Debug, Default)]
pub(crate) struct ObjectRules {
    pub(crate) max_properties: Option<usize>,
    pub(crate) min_properties: Option<usize>,
    pub(crate) required: Vec<String>,
    /// Where the property is present, these must be too.
    pub(crate) dependent_required: Vec<(String, Vec<String>)>,
    /// Sorted by name.
    pub(crate) properties: Vec<(String, NodeId)>,
    pub(crate) patterns: Vec<(Pattern, NodeId)>,
    pub(crate) additional: Option<NodeId>,
    pub(crate) names: Option<NodeId>,
    pub(crate) dependent_schemas: Vec<(String, NodeId)>,
}

impl ObjectRules {
    pub(crate) fn property(&self, name: &str) -> Option<NodeId> {
        let index = self.properties.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        self.properties.get(index).map(|(_, node)| *node)
    }
}

/// Keywords that apply further schemas to the same value (Core §8.2.3, §10.2).
#[derive(Debug)]
pub(crate) enum InPlace {
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
pub(crate) struct Types(u8);

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
    pub(crate) const NONE: Self = Self(0);

    /// The set with one more member, or nothing if no type has this name.
    pub(crate) fn with(self, name: &str) -> Option<Self> {
        let (_, bits, _) = TYPES.iter().find(|(known, ..)| *known == name)?;
        Some(Self(self.0 | bits))
    }

    pub(crate) fn admit(self, view: View<'_>) -> bool {
        let bit = match view {
            View::String(_) => 1,
            View::Number(number) => {
                // Most schemas say `number` or the value is plainly an integer: only a float costs a closer look.
                if self.0 & 6 == 2 && !crate::number::is_integer(number) { 4 } else { 6 }
            }
            View::Bool(_) => 8,
            View::Object(_) => 16,
            View::Array(_) => 32,
            View::Null => 64,
        };
        self.0 & bit != 0
    }

    pub(crate) const fn admit_integers(self) -> bool {
        self.0 & 2 != 0
    }

    /// `a string or null`.
    pub(crate) fn in_words(self) -> String {
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
