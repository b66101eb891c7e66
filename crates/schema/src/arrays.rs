//! What a schema says about the items of an array: Validation §6.4, Core §10.3.1 and §11.2.

use serde_json::Value;

use crate::equality::all_differ;
use crate::evaluate::{At, Evaluation, Verdict, counted};
use crate::keywords::{ArrayRules, Contains, NodeId};
use crate::report::{Kind, Report};
use crate::unevaluated::Marks;

impl Evaluation<'_> {
    pub(crate) fn array(
        &mut self,
        rules: &ArrayRules,
        items: &[Value],
        at: At<'_>,
        marks: &mut Option<Marks>,
        report: &mut Report,
    ) -> Verdict {
        let mut fits = true;
        if let Some(max) = rules.max_items.filter(|max| items.len() > *max) {
            report.note(at.place, Kind::Rule, || format!("must have at most {}", counted(max, "item")));
            // Nothing inside is worth looking at when there is too much of it.
            return Ok(false);
        }
        if let Some(min) = rules.min_items.filter(|min| items.len() < *min) {
            report.note(at.place, Kind::Rule, || format!("must have at least {}", counted(min, "item")));
            fits = false;
        }
        if rules.unique && !all_differ(items, &mut self.budget)? {
            report.note(at.place, Kind::Rule, || "must not hold the same item twice".to_owned());
            fits = false;
        }
        if !rules.prefix.is_empty() || rules.items.is_some() {
            for (index, item) in items.iter().enumerate() {
                if !fits && report.has_enough() {
                    return Ok(false);
                }
                let Some(schema) = rules.prefix.get(index).copied().or(rules.items) else { break };
                self.budget.spend(1)?;
                let place = at.place.index(index);
                fits &= self.schema(schema, item.into(), at.child(&place), None, report)?;
                if let Some(marks) = marks {
                    marks.mark(index);
                }
            }
            if let (Some(marks), Some(_)) = (marks.as_mut(), rules.items) {
                marks.mark_all();
            }
        }
        if let Some(contains) = &rules.contains {
            fits &= self.contains(contains, items, at, marks, report)?;
        }
        Ok(fits)
    }

    fn contains(
        &mut self,
        rule: &Contains,
        items: &[Value],
        at: At<'_>,
        marks: &mut Option<Marks>,
        report: &mut Report,
    ) -> Verdict {
        let mut matching: usize = 0;
        for (index, item) in items.iter().enumerate() {
            // With the minimum reached and no maximum, only marks could still want to know.
            if matching >= rule.min && rule.max.is_none() && marks.is_none() {
                return Ok(true);
            }
            self.budget.spend(1)?;
            let place = at.place.index(index);
            if self.schema(rule.schema, item.into(), at.child(&place), None, &mut Report::silent())? {
                matching = matching.saturating_add(1);
                if let Some(marks) = marks {
                    marks.mark(index);
                }
            }
        }
        if matching < rule.min {
            report.note(at.place, Kind::Rule, || {
                format!("must hold at least {} of a certain form", counted(rule.min, "item"))
            });
            return Ok(false);
        }
        if let Some(max) = rule.max.filter(|max| matching > *max) {
            report
                .note(at.place, Kind::Rule, || format!("must hold at most {} of a certain form", counted(max, "item")));
            return Ok(false);
        }
        Ok(true)
    }

    pub(crate) fn unevaluated_items(
        &mut self,
        schema: NodeId,
        items: &[Value],
        at: At<'_>,
        marks: &mut Option<Marks>,
        report: &mut Report,
    ) -> Verdict {
        let mut fits = true;
        for (index, item) in items.iter().enumerate() {
            if !fits && report.has_enough() {
                return Ok(false);
            }
            if marks.as_ref().is_some_and(|marks| marks.has(index)) {
                continue;
            }
            self.budget.spend(1)?;
            let place = at.place.index(index);
            fits &= self.schema(schema, item.into(), at.child(&place), None, report)?;
        }
        if let Some(marks) = marks {
            marks.mark_all();
        }
        Ok(fits)
    }
}
