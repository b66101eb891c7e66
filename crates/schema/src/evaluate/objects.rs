//! Keywords for objects (Validation §6.5, Core §10.2.2.4, §10.3.2, §11.3).

use serde_json::{Map, Value};

use crate::evaluate::evaluated::Evaluated;
use crate::evaluate::evaluation::{Evaluation, Verdict};
use crate::instance::path::InstancePath;
use crate::keywords::compiled::{Node, ObjectKeywords, SchemaId};
use crate::violations::report::Report;
use crate::violations::text::{counted, listed, shown_name};
use crate::violations::violation::ViolationKind;

impl Evaluation<'_> {
    pub(crate) fn object(
        &mut self,
        keywords: &ObjectKeywords,
        instance: &Value,
        path: &InstancePath<'_>,
        evaluated: &mut Option<Evaluated>,
        report: &mut Report,
    ) -> Verdict {
        let Value::Object(members) = instance else { return Ok(true) };
        let mut valid = true;
        if let Some(max) = keywords.max_properties.filter(|max| members.len() > *max) {
            report.add(path, ViolationKind::Other, || format!("must have at most {}", counted(max, "member")));
            return Ok(false);
        }
        if let Some(min) = keywords.min_properties.filter(|min| members.len() < *min) {
            report.add(path, ViolationKind::Other, || format!("must have at least {}", counted(min, "member")));
            valid = false;
        }
        for name in &keywords.required {
            if !members.contains_key(name) {
                report.add(&path.property(name), ViolationKind::Other, || "is missing".to_owned());
                valid = false;
            }
        }
        for (name, names) in &keywords.dependent_required {
            for other in names.iter().filter(|other| members.contains_key(name) && !members.contains_key(*other)) {
                report.add(&path.property(other), ViolationKind::Other, || {
                    format!("is missing; `{}` asks for it", shown_name(name))
                });
                valid = false;
            }
        }
        valid &= self.properties(keywords, members, path, evaluated, report)?;
        if let Some(schema) = keywords.property_names {
            valid &= self.property_names(schema, members, path, report)?;
        }
        for (name, schema) in &keywords.dependent_schemas {
            if !valid && report.has_enough() {
                return Ok(false);
            }
            if members.contains_key(name) {
                valid &= self.apply(*schema, instance, path, evaluated.as_mut(), report)?;
            }
        }
        Ok(valid)
    }

    /// Checks `properties`, `patternProperties` and `additionalProperties`. The last applies where the other two do not.
    fn properties(
        &mut self,
        keywords: &ObjectKeywords,
        members: &Map<String, Value>,
        path: &InstancePath<'_>,
        evaluated: &mut Option<Evaluated>,
        report: &mut Report,
    ) -> Verdict {
        if keywords.properties.is_empty()
            && keywords.pattern_properties.is_empty()
            && keywords.additional_properties.is_none()
        {
            return Ok(true);
        }
        let mut valid = true;
        for (index, (name, value)) in members.iter().enumerate() {
            if !valid && report.has_enough() {
                return Ok(false);
            }
            self.budget.spend(1)?;
            let path = path.property(name);
            let mut known = false;
            if let Some(schema) = keywords.properties.get(name) {
                known = true;
                valid &= self.apply(*schema, value, &path, None, report)?;
            }
            for (pattern, schema) in &keywords.pattern_properties {
                if pattern.is_match(name, &mut self.budget)? {
                    known = true;
                    valid &= self.apply(*schema, value, &path, None, report)?;
                }
            }
            if !known && let Some(schema) = keywords.additional_properties {
                known = true;
                if let Some(Node::False) = self.node(schema) {
                    report.add(&path, ViolationKind::Other, || unknown_property(keywords));
                    valid = false;
                } else {
                    valid &= self.apply(schema, value, &path, None, report)?;
                }
            }
            if known && let Some(evaluated) = evaluated {
                evaluated.insert(index);
            }
        }
        Ok(valid)
    }

    fn property_names(
        &mut self,
        schema: SchemaId,
        members: &Map<String, Value>,
        path: &InstancePath<'_>,
        report: &mut Report,
    ) -> Verdict {
        let mut valid = true;
        for name in members.keys() {
            if !valid && report.has_enough() {
                return Ok(false);
            }
            self.budget.spend(1)?;
            let path = path.property(name);
            let mut inner = report.fresh();
            if !self.apply(schema, &Value::String(name.clone()), &path, None, &mut inner)? {
                let reason = inner.found().first().map_or("does not fit", |first| first.reason.as_str());
                report.add(&path, ViolationKind::Other, || format!("has a name that is not allowed; it {reason}"));
                valid = false;
            }
        }
        Ok(valid)
    }

    pub(crate) fn unevaluated_properties(
        &mut self,
        schema: SchemaId,
        members: &Map<String, Value>,
        path: &InstancePath<'_>,
        evaluated: &mut Option<Evaluated>,
        report: &mut Report,
    ) -> Verdict {
        let mut valid = true;
        for (index, (name, value)) in members.iter().enumerate() {
            if !valid && report.has_enough() {
                return Ok(false);
            }
            if evaluated.as_ref().is_some_and(|evaluated| evaluated.contains(index)) {
                continue;
            }
            self.budget.spend(1)?;
            let path = path.property(name);
            if let Some(Node::False) = self.node(schema) {
                report.add(&path, ViolationKind::Other, || "is not a known name".to_owned());
                valid = false;
            } else {
                valid &= self.apply(schema, value, &path, None, report)?;
            }
        }
        if let Some(evaluated) = evaluated {
            evaluated.insert_all();
        }
        Ok(valid)
    }
}

fn unknown_property(keywords: &ObjectKeywords) -> String {
    if keywords.properties.is_empty() {
        return "is not known; nothing is allowed here".to_owned();
    }
    format!("is not known; known: {}", listed(keywords.properties.keys().map(|name| format!("`{}`", shown_name(name)))))
}
