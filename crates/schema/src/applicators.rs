//! Further schemas for the same value: `$ref`, `$dynamicRef`, `allOf`, `anyOf`, `oneOf`, `not`, `if` (Core §8.2.3, §10.2).
//! And, where none of several schemas fits, finding the one that was meant, so that one mistake in it is named instead of
//! everything that is wrong with the others.

use crate::budget::Exhausted;
use crate::document::ResourceId;
use crate::evaluate::{At, Evaluation, Scope, Verdict};
use crate::keywords::{InPlace, Node, NodeId};
use crate::report::{Kind, Report, listed, literal};
use crate::unevaluated::Marks;
use crate::view::View;

/// How many explanations may stand inside each other: each tries all forms, so their number multiplies.
const MAX_EXPLANATIONS: u8 = 3;
/// How many forms an explanation tries.
const MAX_FORMS: usize = 32;
/// What trying one costs of the budget, for the texts that come with it.
const EXPLANATION: usize = 100;

impl Evaluation<'_> {
    pub(crate) fn in_place(
        &mut self,
        applied: &InPlace,
        view: View<'_>,
        at: At<'_>,
        marks: &mut Option<Marks>,
        report: &mut Report,
    ) -> Verdict {
        match applied {
            InPlace::Reference(schema) => self.schema(*schema, view, at, marks.as_mut(), report),
            InPlace::Dynamic { initial, anchors } => {
                let schema = outermost(anchors, at.scope).unwrap_or(*initial);
                self.schema(schema, view, at, marks.as_mut(), report)
            }
            InPlace::AllOf(schemas) => {
                let mut fits = true;
                for schema in schemas {
                    if !fits && report.has_enough() {
                        return Ok(false);
                    }
                    fits &= self.schema(*schema, view, at, marks.as_mut(), report)?;
                }
                Ok(fits)
            }
            InPlace::AnyOf(schemas) => {
                let mut any = false;
                for schema in schemas {
                    any |= self.schema(*schema, view, at, marks.as_mut(), &mut Report::silent())?;
                    // Without marks the first that fits decides; with them, each that fits adds its own.
                    if any && marks.is_none() {
                        return Ok(true);
                    }
                }
                if !any && report.listens() {
                    self.explain_none(schemas, view, at, report)?;
                }
                Ok(any)
            }
            InPlace::OneOf(schemas) => {
                let mut fitting: usize = 0;
                for schema in schemas {
                    if self.schema(*schema, view, at, marks.as_mut(), &mut Report::silent())? {
                        fitting = fitting.saturating_add(1);
                    }
                    if fitting > 1 {
                        report.note(at.place, Kind::Rule, || {
                            "fits more than one of several forms that exclude each other".to_owned()
                        });
                        return Ok(false);
                    }
                }
                if fitting == 0 && report.listens() {
                    self.explain_none(schemas, view, at, report)?;
                }
                Ok(fitting == 1)
            }
            InPlace::Not(schema) => {
                let fits = self.schema(*schema, view, at, None, &mut Report::silent())?;
                if fits {
                    report.note(at.place, Kind::Rule, || match self.described(*schema) {
                        Some(words) => format!("must not be {words}"),
                        None => "has a form that is not allowed".to_owned(),
                    });
                }
                Ok(!fits)
            }
            InPlace::Conditional { condition, then, otherwise } => {
                let holds = self.schema(*condition, view, at, marks.as_mut(), &mut Report::silent())?;
                match if holds { then } else { otherwise } {
                    Some(schema) => self.schema(*schema, view, at, marks.as_mut(), report),
                    None => Ok(true),
                }
            }
        }
    }

    /// Says why none of several schemas fits: what is wrong with the one that was meant, where that can be told, and
    /// otherwise what would have been right.
    fn explain_none(
        &mut self,
        schemas: &[NodeId],
        view: View<'_>,
        at: At<'_>,
        report: &mut Report,
    ) -> Result<(), Exhausted> {
        let mut nearest: Vec<Report> = Vec::new();
        let mut nearness = 0;
        let deeper = self.explaining < MAX_EXPLANATIONS;
        self.explaining = self.explaining.saturating_add(1);
        for schema in schemas.iter().take(if deeper { MAX_FORMS } else { 0 }) {
            self.budget.spend(EXPLANATION)?;
            let mut attempt = Report::listening();
            self.schema(*schema, view, at, None, &mut attempt)?;
            let near = attempt.nearness(at.place);
            if near > nearness {
                nearness = near;
                nearest.clear();
            }
            if near == nearness {
                nearest.push(attempt);
            }
        }
        self.explaining = self.explaining.saturating_sub(1);
        if let (1, true) = (nearest.len(), nearness > 0)
            && let Some(attempt) = nearest.pop()
        {
            report.extend(attempt);
            return Ok(());
        }
        let words: Option<Vec<String>> = schemas.iter().map(|schema| self.described(*schema)).collect();
        report.note(at.place, Kind::Type, || match words {
            Some(words) if deeper && nearness == 0 && words.len() < 3 => format!("must be {}", words.join(" or ")),
            Some(words) if deeper && nearness == 0 => format!("must be one of {}", listed(words)),
            _ => format!("fits none of its {} allowed forms", schemas.len()),
        });
        Ok(())
    }

    /// What a schema asks for, if that is a type or a choice of constants.
    fn described(&self, schema: NodeId) -> Option<String> {
        let mut schema = schema;
        // References are followed a few times: a chain of them says nothing new.
        for _ in 0..4 {
            let Some(Node::Keywords(keywords)) = self.tree.nodes.get(schema) else { return None };
            if let Some(constant) = &keywords.constant {
                return Some(literal(constant));
            }
            if let Some(options) = &keywords.options {
                return Some(listed(options.iter().map(literal)));
            }
            if let Some(types) = keywords.types {
                return Some(types.in_words());
            }
            let [InPlace::Reference(target)] = keywords.in_place.as_slice() else { return None };
            schema = *target;
        }
        None
    }
}

/// The outermost resource on the way here that carries the anchor decides what a `$dynamicRef` means (Core §8.2.3.2).
fn outermost(anchors: &[(ResourceId, NodeId)], scope: &Scope<'_>) -> Option<NodeId> {
    let mut found = None;
    let mut scope = Some(scope);
    while let Some(Scope { resource, outer }) = scope {
        if let Some((_, schema)) = anchors.iter().find(|(id, _)| id == resource) {
            found = Some(*schema);
        }
        scope = *outer;
    }
    found
}
