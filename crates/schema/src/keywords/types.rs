//! The keyword `type` (Validation §6.1.1).

use serde_json::Value;

use crate::instance::number::is_integer;

/// A type of JSON values. An integer is a number, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    String,
    Integer,
    Number,
    Boolean,
    Object,
    Array,
    Null,
}

impl Type {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::String,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "object" => Self::Object,
            "array" => Self::Array,
            "null" => Self::Null,
            _ => return None,
        })
    }

    fn admits(self, instance: &Value) -> bool {
        match self {
            Self::String => instance.is_string(),
            Self::Integer => instance.as_number().is_some_and(is_integer),
            Self::Number => instance.is_number(),
            Self::Boolean => instance.is_boolean(),
            Self::Object => instance.is_object(),
            Self::Array => instance.is_array(),
            Self::Null => instance.is_null(),
        }
    }

    const fn with_article(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Object => "an object",
            Self::Array => "an array",
            Self::Null => "null",
        }
    }
}

/// The types that a schema admits, each once.
#[derive(Debug)]
pub(crate) struct Types(Vec<Type>);

/// The order in which messages name types.
const ORDER: [Type; 7] =
    [Type::String, Type::Integer, Type::Number, Type::Boolean, Type::Object, Type::Array, Type::Null];

impl Types {
    /// Returns nothing if a type is named twice or none is named.
    pub(crate) fn new(types: Vec<Type>) -> Option<Self> {
        let repeated = types.iter().enumerate().any(|(index, one)| types.iter().take(index).any(|other| other == one));
        (!repeated && !types.is_empty()).then_some(Self(types))
    }

    pub(crate) fn admit(&self, instance: &Value) -> bool {
        self.0.iter().any(|one| one.admits(instance))
    }

    /// Writes the types as a sentence names them: `a string or null`.
    pub(crate) fn in_words(&self) -> String {
        let named = |one: &Type| self.0.contains(one) && (*one != Type::Integer || !self.0.contains(&Type::Number));
        ORDER.into_iter().filter(named).map(Type::with_article).collect::<Vec<_>>().join(" or ")
    }

    /// Says why a value of another type is invalid.
    pub(crate) fn refusal(&self, instance: &Value) -> String {
        let actual = match instance {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) if self.0.contains(&Type::Integer) => "a number with a fraction",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        format!("must be {}, not {actual}", self.in_words())
    }
}
