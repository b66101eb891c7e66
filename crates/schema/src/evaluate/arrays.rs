//! Keywords for arrays (Validation §6.4, Core §10.3.1, §11.2).

use serde_json::Value;

use crate::evaluate::evaluated::Evaluated;
use crate::evaluate::evaluation::{Evaluation, Verdict};
use crate::instance::equality::are_unique;
use crate::instance::path::InstancePath;
use crate::keywords::compiled::{ArrayKeywords, Contains, SchemaId};
use crate::violations::report::Report;
use crate::violations::text::counted;
use crate::violations::violation::ViolationKind;

impl Evaluation<'_> {
    pub(crate) fn array(
        &mut self,
        keywords: &ArrayKeywords,
        items: &[Value],
        path: &InstancePath<'_>,
        evaluated: &mut Option<Evaluated>,
        report: &mut Report,
    ) -> Verdict {
        let mut valid = true;
        if let Some(max) = keywords.max_items.filter(|max| items.len() > *max) {
            report.add(path, ViolationKind::Other, || format!("must have at most {}", counted(max, "item")));
            // The items of an array that is too long are not evaluated.
            return Ok(false);
        }
        if let Some(min) = keywords.min_items.filter(|min| items.len() < *min) {
            report.add(path, ViolationKind::Other, || format!("must have at least {}", counted(min, "item")));
            valid = false;
        }
        if keywords.unique_items && !are_unique(items, &mut self.budget)? {
            report.add(path, ViolationKind::Other, || "must not hold the same item twice".to_owned());
            valid = false;
        }
        if !keywords.prefix_items.is_empty() || keywords.items.is_some() {
            for (index, item) in items.iter().enumerate() {
                if !valid && report.has_enough() {
                    return Ok(false);
                }
                let Some(schema) = keywords.prefix_items.get(index).copied().or(keywords.items) else { break };
                self.budget.spend(1)?;
                let path = path.index(index);
                valid &= self.apply(schema, item, &path, None, report)?;
                if let Some(evaluated) = evaluated {
                    evaluated.insert(index);
                }
            }
            if let (Some(evaluated), Some(_)) = (evaluated.as_mut(), keywords.items) {
                evaluated.insert_all();
            }
        }
        if let Some(contains) = &keywords.contains {
            valid &= self.contains(contains, items, path, evaluated, report)?;
        }
        Ok(valid)
    }

    fn contains(
        &mut self,
        keyword: &Contains,
        items: &[Value],
        path: &InstancePath<'_>,
        evaluated: &mut Option<Evaluated>,
        report: &mut Report,
    ) -> Verdict {
        let mut matching: usize = 0;
        for (index, item) in items.iter().enumerate() {
            // After the minimum, the other items only matter for the maximum and for what counts as evaluated.
            if matching >= keyword.min && keyword.max.is_none() && evaluated.is_none() {
                return Ok(true);
            }
            self.budget.spend(1)?;
            let path = path.index(index);
            if self.apply(keyword.schema, item, &path, None, &mut Report::discarding())? {
                matching += 1;
                if let Some(evaluated) = evaluated {
                    evaluated.insert(index);
                }
            }
        }
        if matching < keyword.min {
            report.add(path, ViolationKind::Other, || {
                format!("must hold at least {} of a certain form", counted(keyword.min, "item"))
            });
            return Ok(false);
        }
        if let Some(max) = keyword.max.filter(|max| matching > *max) {
            report.add(path, ViolationKind::Other, || {
                format!("must hold at most {} of a certain form", counted(max, "item"))
            });
            return Ok(false);
        }
        Ok(true)
    }

    pub(crate) fn unevaluated_items(
        &mut self,
        schema: SchemaId,
        items: &[Value],
        path: &InstancePath<'_>,
        evaluated: &mut Option<Evaluated>,
        report: &mut Report,
    ) -> Verdict {
        let mut valid = true;
        for (index, item) in items.iter().enumerate() {
            if !valid && report.has_enough() {
                return Ok(false);
            }
            if evaluated.as_ref().is_some_and(|evaluated| evaluated.contains(index)) {
                continue;
            }
            self.budget.spend(1)?;
            let path = path.index(index);
            valid &= self.apply(schema, item, &path, None, report)?;
        }
        if let Some(evaluated) = evaluated {
            evaluated.insert_all();
        }
        Ok(valid)
    }
}
