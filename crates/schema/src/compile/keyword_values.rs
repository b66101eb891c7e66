//! Reads the values of keywords that hold no schemas. Each is read strictly.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use crate::document::location::Location;
use crate::document::schema_document::text;
use crate::document::schema_error::{SchemaError, SchemaErrorKind, excerpt};
use crate::keywords::multiple_of::Divisor;
use crate::keywords::pattern::Pattern;
use crate::keywords::types::{Type, Types};

/// A schema that is an object, and its location in the document.
#[derive(Clone, Copy)]
pub(crate) struct SchemaObject<'s> {
    pub(crate) keywords: &'s Map<String, Value>,
    pub(crate) location: &'s Location,
}

impl<'s> SchemaObject<'s> {
    fn error(self, keyword: &'static str, expected: &'static str) -> SchemaError {
        SchemaErrorKind::Keyword { keyword, expected }.at(self.location)
    }

    pub(crate) fn get(self, keyword: &str) -> Option<&'s Value> {
        self.keywords.get(keyword)
    }

    pub(crate) fn text(self, keyword: &'static str) -> Result<Option<&'s str>, SchemaError> {
        text(self.keywords, keyword, self.location)
    }

    pub(crate) fn types(self) -> Result<Option<Types>, SchemaError> {
        let types = match self.get("type") {
            None => return Ok(None),
            Some(Value::String(name)) => Type::parse(name).map(|one| vec![one]),
            Some(Value::Array(names)) => names.iter().map(|name| Type::parse(name.as_str()?)).collect(),
            Some(_) => None,
        };
        let expected = "the name of a JSON type, or a list of different names";
        types.and_then(Types::new).map(Some).ok_or_else(|| self.error("type", expected))
    }

    pub(crate) fn enumeration(self) -> Result<Option<Vec<Value>>, SchemaError> {
        match self.get("enum") {
            None => Ok(None),
            Some(Value::Array(values)) => Ok(Some(values.clone())),
            Some(_) => Err(self.error("enum", "a list")),
        }
    }

    pub(crate) fn number(self, keyword: &'static str) -> Result<Option<Number>, SchemaError> {
        match self.get(keyword) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(number.clone())),
            Some(_) => Err(self.error(keyword, "a number")),
        }
    }

    pub(crate) fn multiple_of(self) -> Result<Option<Divisor>, SchemaError> {
        let Some(number) = self.number("multipleOf")? else { return Ok(None) };
        Divisor::new(number).map(Some).ok_or_else(|| self.error("multipleOf", "a number greater than zero"))
    }

    /// Reads a count. `2.0` is one, and a count that no machine can hold saturates.
    pub(crate) fn count(self, keyword: &'static str) -> Result<Option<usize>, SchemaError> {
        let Some(number) = self.number(keyword)? else { return Ok(None) };
        if let Some(count) = number.as_u64() {
            return Ok(Some(usize::try_from(count).unwrap_or(usize::MAX)));
        }
        let whole = number.as_f64().filter(|float| *float >= 0.0 && float.fract() == 0.0);
        let whole = whole.ok_or_else(|| self.error(keyword, "a whole number, zero or more"))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is not negative")]
        Ok(Some(whole as usize))
    }

    pub(crate) fn flag(self, keyword: &'static str) -> Result<bool, SchemaError> {
        match self.get(keyword) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.error(keyword, "true or false")),
        }
    }

    pub(crate) fn pattern(self) -> Result<Option<Pattern>, SchemaError> {
        self.text("pattern")?.map(|source| self.compiled_pattern(source)).transpose()
    }

    pub(crate) fn compiled_pattern(self, source: &str) -> Result<Pattern, SchemaError> {
        Pattern::compile(source)
            .map_err(|reason| SchemaErrorKind::Pattern { pattern: excerpt(source), reason }.at(self.location))
    }

    pub(crate) fn required(self) -> Result<Vec<String>, SchemaError> {
        self.get("required").map_or(Ok(Vec::new()), |names| self.names("required", names))
    }

    pub(crate) fn dependent_required(self) -> Result<BTreeMap<String, Vec<String>>, SchemaError> {
        const KEYWORD: &str = "dependentRequired";
        match self.get(KEYWORD) {
            None => Ok(BTreeMap::new()),
            Some(Value::Object(dependents)) => {
                dependents.iter().map(|(name, names)| Ok((name.clone(), self.names(KEYWORD, names)?))).collect()
            }
            Some(_) => Err(self.error(KEYWORD, "an object of lists of names")),
        }
    }

    fn names(self, keyword: &'static str, names: &Value) -> Result<Vec<String>, SchemaError> {
        let refused = || self.error(keyword, "a list of different names");
        let mut read: Vec<String> = Vec::new();
        for name in names.as_array().ok_or_else(refused)? {
            let name = name.as_str().ok_or_else(refused)?;
            if read.iter().any(|earlier| earlier == name) {
                return Err(refused());
            }
            read.push(name.to_owned());
        }
        Ok(read)
    }
}
