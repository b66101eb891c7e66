//! What a schema says about the members of an object: Validation §6.5, Core §10.3.2 and §11.3.

use crate::evaluate::{At, Evaluation, Verdict, counted};
use crate::keywords::{Node, NodeId, ObjectRules};
use crate::report::{Kind, Report, listed, shown};
use crate::unevaluated::Marks;
use crate::view::View;
use mcp_connector_base::json::Object;

impl Evaluation<'_> {
    pub(crate) fn object(
        &mut self,
        rules: &ObjectRules,
        members: &Object,
        at: At<'_>,
        marks: &mut Option<Marks>,
        report: &mut Report,
    ) -> Verdict {
        let mut fits = true;
        if let Some(max) = rules.max_properties.filter(|max| members.len() > *max) {
            report.note(at.place, Kind::Rule, || format!("must have at most {}", counted(max, "member")));
            return Ok(false);
        }
        if let Some(min) = rules.min_properties.filter(|min| members.len() < *min) {
            report.note(at.place, Kind::Rule, || format!("must have at least {}", counted(min, "member")));
            fits = false;
        }
        for name in &rules.required {
            if !members.contains_key(name) {
                report.note(&at.place.name(name), Kind::Rule, || "is missing".to_owned());
                fits = false;
            }
        }
        for (name, names) in &rules.dependent_required {
            for other in names.iter().filter(|other| members.contains_key(name) && !members.contains_key(*other)) {
                report.note(&at.place.name(other), Kind::Rule, || format!("is missing; `{}` asks for it", shown(name)));
                fits = false;
            }
        }
        fits &= self.properties(rules, members, at, marks, report)?;
        if let Some(schema) = rules.names {
            fits &= self.property_names(schema, members, at, report)?;
        }
        for (name, schema) in &rules.dependent_schemas {
            if !fits && report.has_enough() {
                return Ok(false);
            }
            if members.contains_key(name) {
                fits &= self.schema(*schema, View::Object(members), at, marks.as_mut(), report)?;
            }
        }
        Ok(fits)
    }

    /// `properties`, `patternProperties` and `additionalProperties`: which of them speaks about a property depends on all.
    fn properties(
        &mut self,
        rules: &ObjectRules,
        members: &Object,
        at: At<'_>,
        marks: &mut Option<Marks>,
        report: &mut Report,
    ) -> Verdict {
        if rules.properties.is_empty() && rules.patterns.is_empty() && rules.additional.is_none() {
            return Ok(true);
        }
        let mut fits = true;
        for (index, (name, value)) in members.iter().enumerate() {
            if !fits && report.has_enough() {
                return Ok(false);
            }
            self.budget.spend(1)?;
            let place = at.place.name(name);
            let at = at.child(&place);
            let mut known = false;
            if let Some(schema) = rules.property(name) {
                known = true;
                fits &= self.schema(schema, value.into(), at, None, report)?;
            }
            for (pattern, schema) in &rules.patterns {
                if pattern.is_match(name, &mut self.budget)? {
                    known = true;
                    fits &= self.schema(*schema, value.into(), at, None, report)?;
                }
            }
            if !known && let Some(schema) = rules.additional {
                known = true;
                if let Some(Node::Nothing) = self.tree.nodes.get(schema) {
                    report.note(&place, Kind::Rule, || not_known(rules));
                    fits = false;
                } else {
                    fits &= self.schema(schema, value.into(), at, None, report)?;
                }
            }
            if known && let Some(marks) = marks {
                marks.mark(index);
            }
        }
        Ok(fits)
    }

    fn property_names(&mut self, schema: NodeId, members: &Object, at: At<'_>, report: &mut Report) -> Verdict {
        let mut fits = true;
        for name in members.keys() {
            if !fits && report.has_enough() {
                return Ok(false);
            }
            self.budget.spend(1)?;
            let place = at.place.name(name);
            let mut inner = if report.listens() { Report::listening() } else { Report::silent() };
            if !self.schema(schema, View::String(name), at.child(&place), None, &mut inner)? {
                report.note(&place, Kind::Rule, || {
                    format!("has a name that is not allowed; it {}", inner.first_reason().unwrap_or("does not fit"))
                });
                fits = false;
            }
        }
        Ok(fits)
    }

    pub(crate) fn unevaluated_properties(
        &mut self,
        schema: NodeId,
        members: &Object,
        at: At<'_>,
        marks: &mut Option<Marks>,
        report: &mut Report,
    ) -> Verdict {
        let mut fits = true;
        for (index, (name, value)) in members.iter().enumerate() {
            if !fits && report.has_enough() {
                return Ok(false);
            }
            if marks.as_ref().is_some_and(|marks| marks.has(index)) {
                continue;
            }
            self.budget.spend(1)?;
            let place = at.place.name(name);
            if let Some(Node::Nothing) = self.tree.nodes.get(schema) {
                report.note(&place, Kind::Rule, || "is not a known name".to_owned());
                fits = false;
            } else {
                fits &= self.schema(schema, value.into(), at.child(&place), None, report)?;
            }
        }
        if let Some(marks) = marks {
            marks.mark_all();
        }
        Ok(fits)
    }
}

fn not_known(rules: &ObjectRules) -> String {
    if rules.properties.is_empty() {
        return "is not known; nothing is allowed here".to_owned();
    }
    format!("is not known; known: {}", listed(rules.properties.iter().map(|(name, _)| format!("`{}`", shown(name)))))
}
