//! Explains why a value matches none of the schemas of `anyOf` or `oneOf`. The schema that was meant is found, so that one mistake is
//! reported instead of everything that is wrong with the others.

use serde_json::Value;

use crate::budget::Exhausted;
use crate::evaluate::evaluation::Evaluation;
use crate::instance::path::InstancePath;
use crate::keywords::compiled::{InPlaceApplicator, Node, SchemaId};
use crate::violations::report::Report;
use crate::violations::text::{listed, literal};
use crate::violations::violation::{Violation, ViolationKind};

/// How many explanations may be inside each other. Each tries all schemas, so their numbers multiply.
const MAX_EXPLANATIONS: usize = 3;
/// How many schemas an explanation tries.
const MAX_SCHEMAS: usize = 32;
/// The steps of the budget that one try costs, for the text that it writes.
const STEPS: usize = 100;

impl Evaluation<'_> {
    /// Reports what is wrong with the schema that was meant, if that can be told, and otherwise what would be valid.
    pub(crate) fn explain_none(
        &mut self,
        schemas: &[SchemaId],
        instance: &Value,
        path: &InstancePath<'_>,
        report: &mut Report,
    ) -> Result<(), Exhausted> {
        let mut closest: Vec<Report> = Vec::new();
        let mut closeness = Closeness::Different;
        let tries = self.explanations < MAX_EXPLANATIONS;
        self.explanations += 1;
        for schema in schemas.iter().take(if tries { MAX_SCHEMAS } else { 0 }) {
            self.budget.spend(STEPS)?;
            let mut attempt = Report::collecting();
            self.apply(*schema, instance, path, None, &mut attempt)?;
            let close = closeness_of(attempt.found(), path.depth());
            if close > closeness {
                closeness = close;
                closest.clear();
            }
            if close == closeness {
                closest.push(attempt);
            }
        }
        self.explanations -= 1;
        if closest.len() == 1
            && closeness != Closeness::Different
            && let Some(attempt) = closest.pop()
        {
            report.extend(attempt);
            return Ok(());
        }
        let words: Option<Vec<String>> = schemas.iter().map(|schema| self.described(*schema)).collect();
        let words = words.filter(|_| tries && closeness == Closeness::Different);
        report.add(path, ViolationKind::Type, || match words {
            Some(words) if words.len() < 3 => format!("must be {}", words.join(" or ")),
            Some(words) => format!("must be one of {}", listed(words)),
            None => format!("fits none of its {} allowed forms", schemas.len()),
        });
        Ok(())
    }

    /// Says what a schema wants, if that is a type or a choice of constants.
    pub(crate) fn described(&self, mut schema: SchemaId) -> Option<String> {
        // A few references are followed. A longer chain is not described.
        for _ in 0..4 {
            let Some(Node::Keywords(keywords)) = self.node(schema) else { return None };
            if let Some(constant) = &keywords.constant {
                return Some(literal(constant));
            }
            if let Some(values) = &keywords.enumeration {
                return Some(listed(values.iter().map(literal)));
            }
            if let Some(types) = &keywords.types {
                return Some(types.in_words());
            }
            let [InPlaceApplicator::Ref(target)] = keywords.in_place.as_slice() else { return None };
            schema = *target;
        }
        None
    }
}

/// How close a value comes to a schema that it does not match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    /// It has another type or is another constant.
    Different,
    /// A constant directly inside, such as a tag, is different.
    OtherTag,
    /// It is meant to match, and has a mistake.
    Mistaken,
}

fn closeness_of(violations: &[Violation], depth: usize) -> Closeness {
    let one = |violation: &Violation| match violation.kind {
        ViolationKind::Type | ViolationKind::Constant if violation.depth == depth => Closeness::Different,
        ViolationKind::Constant if violation.depth == depth + 1 => Closeness::OtherTag,
        ViolationKind::Type | ViolationKind::Constant | ViolationKind::Other => Closeness::Mistaken,
    };
    violations.iter().map(one).min().unwrap_or(Closeness::Mistaken)
}
