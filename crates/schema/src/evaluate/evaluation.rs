//! Applies one schema to a value.

use serde_json::Value;

use crate::budget::{Budget, Exhausted};
use crate::evaluate::evaluated::Evaluated;
use crate::instance::path::InstancePath;
use crate::keywords::compiled::{CompiledSchema, Keywords, Node, SchemaId};
use crate::violations::report::Report;
use crate::violations::violation::ViolationKind;

/// Whether a value is valid, unless the budget ends first.
pub(crate) type Verdict = Result<bool, Exhausted>;

/// One evaluation of a value.
pub(crate) struct Evaluation<'s> {
    schema: &'s CompiledSchema,
    pub(crate) budget: Budget,
    /// How many explanations are under way inside each other.
    pub(crate) explanations: usize,
}

impl<'s> Evaluation<'s> {
    pub(crate) const fn new(schema: &'s CompiledSchema) -> Self {
        Self { schema, budget: Budget::new(), explanations: 0 }
    }

    /// Applies the whole document.
    pub(crate) fn evaluate(&mut self, instance: &Value, report: &mut Report) -> Verdict {
        self.apply(0, instance, &InstancePath::ROOT, None, report)
    }

    pub(crate) fn node(&self, id: SchemaId) -> Option<&'s Node> {
        self.schema.schemas.get(id)
    }

    /// Applies a schema. If the value is valid, the children that the schema has evaluated are added to `evaluated`.
    pub(crate) fn apply(
        &mut self,
        id: SchemaId,
        instance: &Value,
        path: &InstancePath<'_>,
        evaluated: Option<&mut Evaluated>,
        report: &mut Report,
    ) -> Verdict {
        let keywords = match self.node(id) {
            Some(Node::Keywords(keywords)) => keywords,
            Some(Node::True) => return Ok(true),
            Some(Node::False) | None => {
                report.add(path, ViolationKind::Other, || "is not allowed".to_owned());
                return Ok(false);
            }
        };
        self.budget.enter()?;
        let needed =
            evaluated.is_some() || keywords.unevaluated_items.is_some() || keywords.unevaluated_properties.is_some();
        let mut own = needed.then(Evaluated::default);
        let valid = self.apply_keywords(keywords, instance, path, &mut own, report)?;
        self.budget.leave();
        if let (true, Some(evaluated), Some(own)) = (valid, evaluated, &own) {
            evaluated.extend(own, &mut self.budget)?;
        }
        Ok(valid)
    }

    fn apply_keywords(
        &mut self,
        keywords: &Keywords,
        instance: &Value,
        path: &InstancePath<'_>,
        evaluated: &mut Option<Evaluated>,
        report: &mut Report,
    ) -> Verdict {
        // If the type or the constant is wrong, the other keywords have nothing to add.
        if !self.type_and_constants(keywords, instance, path, report)? {
            return Ok(false);
        }
        let mut valid = match instance {
            Value::Number(number) => Self::number(&keywords.number, number, path, report),
            Value::String(string) => self.string(&keywords.string, string, path, report)?,
            Value::Array(items) => self.array(&keywords.array, items, path, evaluated, report)?,
            Value::Object(_) => self.object(&keywords.object, instance, path, evaluated, report)?,
            Value::Null | Value::Bool(_) => true,
        };
        for applicator in &keywords.in_place {
            if !valid && report.has_enough() {
                return Ok(false);
            }
            valid &= self.in_place(applicator, instance, path, evaluated, report)?;
        }
        // An invalid value has no annotations, so nothing counts as evaluated.
        if !valid {
            return Ok(false);
        }
        match (instance, keywords.unevaluated_items, keywords.unevaluated_properties) {
            (Value::Array(items), Some(schema), _) => self.unevaluated_items(schema, items, path, evaluated, report),
            (Value::Object(members), _, Some(schema)) => {
                self.unevaluated_properties(schema, members, path, evaluated, report)
            }
            _ => Ok(true),
        }
    }
}
