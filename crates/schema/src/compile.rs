//! From a schema document to its [`Tree`]: each keyword is read once and strictly, each reference resolved, each pattern
//! compiled. What is wrong is wrong here, in a test or at the start, and never in front of a client.

use serde_json::{Map, Number, Value};

use crate::document::{ConfigError, Library, Location, MAX_SCHEMAS, SchemaError, text};
use crate::keywords::{
    ArrayRules, Contains, InPlace, Keywords, Node, NodeId, NumberRules, ObjectRules, StringRules, Tree, Types,
};
use crate::number::Divisor;
use crate::pattern::Pattern;

type Object = Map<String, Value>;

/// Compiles the document. `others` are documents it may refer to, by their URIs.
pub(crate) fn compile(document: &Value, others: &[(String, Value)]) -> Result<Tree, SchemaError> {
    let library = Library::read(document, others)?;
    let mut compiler = Compiler { library: &library, locations: Vec::new(), nodes: Vec::new() };
    compiler.number_of(Library::root());
    for location in library.schemas() {
        compiler.number_of(location.clone());
    }
    // Compiling a schema numbers the ones it applies, which appends them here until all are known.
    while let Some(location) = compiler.locations.get(compiler.nodes.len()).cloned() {
        if compiler.nodes.len() > MAX_SCHEMAS {
            return Err(ConfigError::TooLarge.at(&location));
        }
        let node = compiler.node(&location)?;
        compiler.nodes.push(node);
    }
    refuse_endless(&compiler.nodes, &compiler.locations)?;
    Ok(Tree { nodes: compiler.nodes })
}

struct Compiler<'l> {
    library: &'l Library<'l>,
    /// A schema's number is its place here. There are a handful: looking through them beats keeping a map.
    locations: Vec<Location>,
    nodes: Vec<Node>,
}

impl Compiler<'_> {
    /// The number of the schema at a place; a new one if it has none yet.
    fn number_of(&mut self, location: Location) -> NodeId {
        if let Some(id) = self.locations.iter().position(|known| *known == location) {
            return id;
        }
        self.locations.push(location);
        self.locations.len().saturating_sub(1)
    }

    fn node(&mut self, at: &Location) -> Result<Node, SchemaError> {
        let schema = match self.library.value_at(at) {
            Some(Value::Bool(true)) => return Ok(Node::Anything),
            Some(Value::Bool(false)) => return Ok(Node::Nothing),
            Some(Value::Object(schema)) => schema,
            _ => return Err(ConfigError::NotASchema.at(at)),
        };
        let keywords = Keywords {
            resource: self.library.resource_at(at),
            types: types(schema, at)?,
            constant: schema.get("const").cloned(),
            options: options(schema, at)?,
            number: number_rules(schema, at)?.map(Box::new),
            string: string_rules(schema, at)?.map(Box::new),
            array: self.array_rules(schema, at)?.map(Box::new),
            object: self.object_rules(schema, at)?.map(Box::new),
            in_place: self.in_place(schema, at)?,
            unevaluated_items: self.child(schema, "unevaluatedItems", at),
            unevaluated_properties: self.child(schema, "unevaluatedProperties", at),
        };
        Ok(Node::Keywords(Box::new(keywords)))
    }

    fn child(&mut self, schema: &Object, keyword: &str, at: &Location) -> Option<NodeId> {
        schema.contains_key(keyword).then(|| self.number_of(at.child(keyword)))
    }

    /// The form of lists and maps of schemas was checked when the document was read, except behind a reference into an
    /// unknown keyword.
    fn children(
        &mut self,
        schema: &Object,
        keyword: &'static str,
        at: &Location,
    ) -> Result<Option<Vec<NodeId>>, SchemaError> {
        match schema.get(keyword) {
            None => Ok(None),
            Some(Value::Array(schemas)) if !schemas.is_empty() => {
                let at = at.child(keyword);
                Ok(Some((0..schemas.len()).map(|index| self.number_of(at.child(&index.to_string()))).collect()))
            }
            Some(_) => Err(ConfigError::Keyword { keyword, expected: "a list of at least one schema" }.at(at)),
        }
    }

    fn named_children(
        &mut self,
        schema: &Object,
        keyword: &'static str,
        at: &Location,
    ) -> Result<Vec<(String, NodeId)>, SchemaError> {
        let Some(schemas) = schema.get(keyword) else { return Ok(Vec::new()) };
        let Value::Object(schemas) = schemas else {
            return Err(ConfigError::Keyword { keyword, expected: "an object of schemas" }.at(at));
        };
        let at = at.child(keyword);
        let mut children: Vec<(String, NodeId)> = Vec::with_capacity(schemas.len());
        for name in schemas.keys() {
            // In order already, unless a feature of `serde_json` has its maps keep the order of the document.
            let index = children.partition_point(|(earlier, _)| earlier < name);
            children.insert(index, (name.clone(), self.number_of(at.child(name))));
        }
        Ok(children)
    }

    fn array_rules(&mut self, schema: &Object, at: &Location) -> Result<Option<ArrayRules>, SchemaError> {
        let (min, max) = (count(schema, "minContains", at)?, count(schema, "maxContains", at)?);
        let contains = self.child(schema, "contains", at).map(|schema| Contains { schema, min: min.unwrap_or(1), max });
        let rules = ArrayRules {
            max_items: count(schema, "maxItems", at)?,
            min_items: count(schema, "minItems", at)?,
            unique: flag(schema, "uniqueItems", at)?,
            prefix: self.children(schema, "prefixItems", at)?.unwrap_or_default(),
            items: self.child(schema, "items", at),
            contains,
        };
        let empty = rules.max_items.is_none()
            && rules.min_items.is_none()
            && !rules.unique
            && rules.prefix.is_empty()
            && rules.items.is_none()
            && rules.contains.is_none();
        Ok((!empty).then_some(rules))
    }

    fn object_rules(&mut self, schema: &Object, at: &Location) -> Result<Option<ObjectRules>, SchemaError> {
        let mut patterns = Vec::new();
        for (source, node) in self.named_children(schema, "patternProperties", at)? {
            patterns.push((pattern(&source, at)?, node));
        }
        let rules = ObjectRules {
            max_properties: count(schema, "maxProperties", at)?,
            min_properties: count(schema, "minProperties", at)?,
            required: match schema.get("required") {
                Some(names) => names_of(names, "required", at)?,
                None => Vec::new(),
            },
            dependent_required: dependent_required(schema, at)?,
            properties: self.named_children(schema, "properties", at)?,
            patterns,
            additional: self.child(schema, "additionalProperties", at),
            names: self.child(schema, "propertyNames", at),
            dependent_schemas: self.named_children(schema, "dependentSchemas", at)?,
        };
        let empty = rules.max_properties.is_none()
            && rules.min_properties.is_none()
            && rules.required.is_empty()
            && rules.dependent_required.is_empty()
            && rules.properties.is_empty()
            && rules.patterns.is_empty()
            && rules.additional.is_none()
            && rules.names.is_none()
            && rules.dependent_schemas.is_empty();
        Ok((!empty).then_some(rules))
    }

    fn in_place(&mut self, schema: &Object, at: &Location) -> Result<Vec<InPlace>, SchemaError> {
        let mut applied = Vec::new();
        if let Some(reference) = text(schema, "$ref", at)? {
            let target = self.library.resolve(at, reference).map_err(|defect| defect.at(at))?;
            applied.push(InPlace::Reference(self.number_of(target.location)));
        }
        if let Some(reference) = text(schema, "$dynamicRef", at)? {
            let target = self.library.resolve(at, reference).map_err(|defect| defect.at(at))?;
            let initial = self.number_of(target.location);
            applied.push(match target.dynamic {
                None => InPlace::Reference(initial),
                Some(name) => {
                    let anchors = self.library.dynamic_anchors(&name);
                    let anchors = anchors.into_iter().map(|(id, location)| (id, self.number_of(location))).collect();
                    InPlace::Dynamic { initial, anchors }
                }
            });
        }
        applied.extend(self.children(schema, "allOf", at)?.map(InPlace::AllOf));
        applied.extend(self.children(schema, "anyOf", at)?.map(InPlace::AnyOf));
        applied.extend(self.children(schema, "oneOf", at)?.map(InPlace::OneOf));
        applied.extend(self.child(schema, "not", at).map(InPlace::Not));
        if let Some(condition) = self.child(schema, "if", at) {
            let then = self.child(schema, "then", at);
            let otherwise = self.child(schema, "else", at);
            applied.push(InPlace::Conditional { condition, then, otherwise });
        }
        Ok(applied)
    }
}

fn keyword_must_be(keyword: &'static str, expected: &'static str, at: &Location) -> SchemaError {
    ConfigError::Keyword { keyword, expected }.at(at)
}

fn types(schema: &Object, at: &Location) -> Result<Option<Types>, SchemaError> {
    let refused = || keyword_must_be("type", "the name of a JSON type, or a list of different names", at);
    match schema.get("type") {
        None => Ok(None),
        Some(Value::String(name)) => Types::NONE.with(name).map(Some).ok_or_else(refused),
        Some(Value::Array(names)) if !names.is_empty() => {
            let mut types = Types::NONE;
            for (index, name) in names.iter().enumerate() {
                if names.iter().skip(index.saturating_add(1)).any(|other| other == name) {
                    return Err(refused());
                }
                types = name.as_str().and_then(|name| types.with(name)).ok_or_else(refused)?;
            }
            Ok(Some(types))
        }
        Some(_) => Err(refused()),
    }
}

fn options(schema: &Object, at: &Location) -> Result<Option<Vec<Value>>, SchemaError> {
    match schema.get("enum") {
        None => Ok(None),
        Some(Value::Array(options)) => Ok(Some(options.clone())),
        Some(_) => Err(keyword_must_be("enum", "a list", at)),
    }
}

fn number_rules(schema: &Object, at: &Location) -> Result<Option<NumberRules>, SchemaError> {
    let multiple_of = match number(schema, "multipleOf", at)? {
        None => None,
        Some(divisor) => {
            let refused = || keyword_must_be("multipleOf", "a number greater than zero", at);
            Some((Divisor::of(&divisor).ok_or_else(refused)?, divisor))
        }
    };
    let rules = NumberRules {
        multiple_of,
        maximum: number(schema, "maximum", at)?,
        exclusive_maximum: number(schema, "exclusiveMaximum", at)?,
        minimum: number(schema, "minimum", at)?,
        exclusive_minimum: number(schema, "exclusiveMinimum", at)?,
    };
    let empty = rules.multiple_of.is_none()
        && rules.maximum.is_none()
        && rules.exclusive_maximum.is_none()
        && rules.minimum.is_none()
        && rules.exclusive_minimum.is_none();
    Ok((!empty).then_some(rules))
}

fn string_rules(schema: &Object, at: &Location) -> Result<Option<StringRules>, SchemaError> {
    let rules = StringRules {
        max_length: count(schema, "maxLength", at)?,
        min_length: count(schema, "minLength", at)?,
        pattern: text(schema, "pattern", at)?.map(|source| pattern(source, at)).transpose()?,
    };
    let empty = rules.max_length.is_none() && rules.min_length.is_none() && rules.pattern.is_none();
    Ok((!empty).then_some(rules))
}

fn pattern(source: &str, at: &Location) -> Result<Pattern, SchemaError> {
    Pattern::compile(source).map_err(|reason| {
        let pattern = source.chars().take(200).collect();
        ConfigError::Pattern { pattern, reason: reason.to_string() }.at(at)
    })
}

fn dependent_required(schema: &Object, at: &Location) -> Result<Vec<(String, Vec<String>)>, SchemaError> {
    const KEYWORD: &str = "dependentRequired";
    match schema.get(KEYWORD) {
        None => Ok(Vec::new()),
        Some(Value::Object(dependents)) => {
            let read = |(name, names): (&String, &Value)| Ok((name.clone(), names_of(names, KEYWORD, at)?));
            dependents.iter().map(read).collect()
        }
        Some(_) => Err(keyword_must_be(KEYWORD, "an object of lists of names", at)),
    }
}

fn names_of(names: &Value, keyword: &'static str, at: &Location) -> Result<Vec<String>, SchemaError> {
    let refused = || keyword_must_be(keyword, "a list of different names", at);
    let names = names.as_array().ok_or_else(refused)?;
    let mut read: Vec<String> = Vec::with_capacity(names.len());
    for name in names {
        let name = name.as_str().ok_or_else(refused)?;
        if read.iter().any(|earlier| earlier == name) {
            return Err(refused());
        }
        read.push(name.to_owned());
    }
    Ok(read)
}

fn number(schema: &Object, keyword: &'static str, at: &Location) -> Result<Option<Number>, SchemaError> {
    match schema.get(keyword) {
        None => Ok(None),
        Some(Value::Number(number)) => Ok(Some(number.clone())),
        Some(_) => Err(keyword_must_be(keyword, "a number", at)),
    }
}

/// A count. `2.0` is one; and one beyond what a machine can hold bounds nothing here, so it saturates.
fn count(schema: &Object, keyword: &'static str, at: &Location) -> Result<Option<usize>, SchemaError> {
    let refused = || keyword_must_be(keyword, "a whole number, zero or more", at);
    let Some(number) = number(schema, keyword, at)? else { return Ok(None) };
    if let Some(count) = number.as_u64() {
        return Ok(Some(usize::try_from(count).unwrap_or(usize::MAX)));
    }
    let float = number.as_f64().filter(|float| *float >= 0.0 && float.fract() == 0.0).ok_or_else(refused)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is not negative")]
    Ok(Some(float as usize))
}

fn flag(schema: &Object, keyword: &'static str, at: &Location) -> Result<bool, SchemaError> {
    match schema.get(keyword) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(keyword_must_be(keyword, "true or false", at)),
    }
}

/// A schema that applies itself to the same value would never be done (Core §9.4.1). A `$dynamicRef` is followed to where
/// it points by itself; what it may point at besides is left to the depth limit of a validation.
fn refuse_endless(nodes: &[Node], locations: &[Location]) -> Result<(), SchemaError> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        Open,
        Done,
    }
    fn set(seen: &mut [Seen], index: NodeId, value: Seen) {
        if let Some(slot) = seen.get_mut(index) {
            *slot = value;
        }
    }
    let mut seen = vec![Seen::Not; nodes.len()];
    for start in 0..nodes.len() {
        if seen.get(start) != Some(&Seen::Not) {
            continue;
        }
        // Each entry is a schema and what is left to look at below it.
        let mut open: Vec<(NodeId, Vec<NodeId>)> = vec![(start, applied_in_place(nodes, start))];
        set(&mut seen, start, Seen::Open);
        while let Some((node, rest)) = open.last_mut() {
            let node = *node;
            let Some(next) = rest.pop() else {
                set(&mut seen, node, Seen::Done);
                open.pop();
                continue;
            };
            match seen.get(next) {
                Some(Seen::Open) => {
                    return Err(ConfigError::Endless.at(locations.get(next).unwrap_or(&Library::root())));
                }
                Some(Seen::Not) => {
                    set(&mut seen, next, Seen::Open);
                    open.push((next, applied_in_place(nodes, next)));
                }
                Some(Seen::Done) | None => {}
            }
        }
    }
    Ok(())
}

fn applied_in_place(nodes: &[Node], id: NodeId) -> Vec<NodeId> {
    let Some(Node::Keywords(keywords)) = nodes.get(id) else { return Vec::new() };
    let mut applied = Vec::new();
    for in_place in &keywords.in_place {
        match in_place {
            InPlace::Reference(node) | InPlace::Not(node) | InPlace::Dynamic { initial: node, .. } => {
                applied.push(*node);
            }
            InPlace::AllOf(nodes) | InPlace::AnyOf(nodes) | InPlace::OneOf(nodes) => applied.extend(nodes),
            InPlace::Conditional { condition, then, otherwise } => {
                applied.push(*condition);
                applied.extend(then);
                applied.extend(otherwise);
            }
        }
    }
    if let Some(object) = &keywords.object {
        applied.extend(object.dependent_schemas.iter().map(|(_, node)| *node));
    }
    applied
}
