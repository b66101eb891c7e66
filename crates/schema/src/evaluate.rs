//! Applying a compiled schema to a value (JSON Schema Core 2020-12 §7 to §11). The answer is yes or no; a [`Report`] that
//! listens is told why not. Every step is counted against a [`Budget`], so no value can make this long.
//!
//! Here: one schema, and what it says about the value itself. `arrays` and `objects` go on to what is inside the value,
//! `applicators` to further schemas for the same value.

use std::cmp::Ordering;

use serde_json::Number;

use crate::budget::{Budget, Exhausted};
use crate::document::ResourceId;
use crate::equality::equal;
use crate::keywords::{Keywords, Node, NodeId, NumberRules, StringRules, Tree, Types};
use crate::number;
use crate::report::{Kind, Place, Report, listed, literal};
use crate::unevaluated::Marks;
use crate::view::View;

/// One validation.
pub(crate) struct Evaluation<'t> {
    pub(crate) tree: &'t Tree,
    pub(crate) budget: Budget,
    /// How many explanations are under way inside each other.
    pub(crate) explaining: u8,
}

/// Where a schema is applied: at which place of the value, and through which resources it was reached.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) place: &'a Place<'a>,
    pub(crate) scope: &'a Scope<'a>,
}

impl<'a> At<'a> {
    pub(crate) const fn child<'c>(self, place: &'c Place<'c>) -> At<'c>
    where
        'a: 'c,
    {
        At { place, scope: self.scope }
    }
}

/// The dynamic scope: the resources a validation has entered, the innermost first (Core §7.1).
pub(crate) struct Scope<'s> {
    pub(crate) resource: ResourceId,
    pub(crate) outer: Option<&'s Scope<'s>>,
}

/// Whether a value fits; or the budget ended first.
pub(crate) type Verdict = Result<bool, Exhausted>;

impl<'t> Evaluation<'t> {
    pub(crate) const fn of(tree: &'t Tree) -> Self {
        Self { tree, budget: Budget::new(), explaining: 0 }
    }

    /// Whether the value fits the whole schema.
    pub(crate) fn root(&mut self, view: View<'_>, report: &mut Report) -> Verdict {
        let scope = Scope { resource: 0, outer: None };
        self.schema(0, view, At { place: &Place::WHOLE, scope: &scope }, None, report)
    }

    /// Applies one schema. `marks`, where the caller asks for them, are told which children it has looked at, if it fits.
    pub(crate) fn schema(
        &mut self,
        id: NodeId,
        view: View<'_>,
        at: At<'_>,
        marks: Option<&mut Marks>,
        report: &mut Report,
    ) -> Verdict {
        let tree = self.tree;
        let keywords = match tree.nodes.get(id) {
            Some(Node::Keywords(keywords)) => keywords,
            Some(Node::Anything) => return Ok(true),
            Some(Node::Nothing) | None => {
                report.note(at.place, Kind::Rule, || "is not allowed".to_owned());
                return Ok(false);
            }
        };
        self.budget.enter()?;
        let wanted =
            marks.is_some() || keywords.unevaluated_items.is_some() || keywords.unevaluated_properties.is_some();
        let mut own = wanted.then(Marks::new);
        let fits = if keywords.resource == at.scope.resource {
            self.keywords(keywords, view, at, &mut own, report)?
        } else {
            let scope = Scope { resource: keywords.resource, outer: Some(at.scope) };
            self.keywords(keywords, view, At { place: at.place, scope: &scope }, &mut own, report)?
        };
        self.budget.leave();
        if let (true, Some(marks), Some(own)) = (fits, marks, &own) {
            marks.merge(own, &mut self.budget)?;
        }
        Ok(fits)
    }

    fn keywords(
        &mut self,
        keywords: &Keywords,
        view: View<'_>,
        at: At<'_>,
        marks: &mut Option<Marks>,
        report: &mut Report,
    ) -> Verdict {
        if !self.has_form(keywords, view, at, report)? {
            return Ok(false);
        }
        let mut fits = match view {
            View::Number(number) => match &keywords.number {
                Some(rules) => number_fits(rules, number, at, report),
                None => true,
            },
            View::String(string) => match &keywords.string {
                Some(rules) => self.string(rules, string, at, report)?,
                None => true,
            },
            View::Array(items) => match &keywords.array {
                Some(rules) => self.array(rules, items, at, marks, report)?,
                None => true,
            },
            View::Object(members) => match &keywords.object {
                Some(rules) => self.object(rules, members, at, marks, report)?,
                None => true,
            },
            View::Null | View::Bool(_) => true,
        };
        for applied in &keywords.in_place {
            if !fits && report.has_enough() {
                return Ok(false);
            }
            fits &= self.in_place(applied, view, at, marks, report)?;
        }
        // Last, and only for what fits so far: a schema that failed has looked at nothing.
        if !fits {
            return Ok(false);
        }
        match (view, keywords.unevaluated_items, keywords.unevaluated_properties) {
            (View::Array(items), Some(schema), _) => self.unevaluated_items(schema, items, at, marks, report),
            (View::Object(members), _, Some(schema)) => self.unevaluated_properties(schema, members, at, marks, report),
            _ => Ok(true),
        }
    }

    /// `type`, `const` and `enum`. If one of them fails, the other keywords have nothing to add.
    fn has_form(&mut self, keywords: &Keywords, view: View<'_>, at: At<'_>, report: &mut Report) -> Verdict {
        if let Some(types) = keywords.types
            && !types.admit(view)
        {
            report.note(at.place, Kind::Type, || wrong_type(types, view));
            return Ok(false);
        }
        if let Some(constant) = &keywords.constant
            && !equal(view, constant.into(), &mut self.budget)?
        {
            report.note(at.place, Kind::Constant, || format!("must be {}", literal(constant)));
            return Ok(false);
        }
        if let Some(options) = &keywords.options {
            for option in options {
                if equal(view, option.into(), &mut self.budget)? {
                    return Ok(true);
                }
            }
            report.note(at.place, Kind::Constant, || one_of(options.iter().map(literal)));
            return Ok(false);
        }
        Ok(true)
    }

    fn string(&mut self, rules: &StringRules, string: &str, at: At<'_>, report: &mut Report) -> Verdict {
        let mut fits = true;
        if rules.max_length.is_some() || rules.min_length.is_some() {
            self.budget.spend(string.len() >> 7)?;
            let length = string.chars().count();
            if let Some(max) = rules.max_length.filter(|max| length > *max) {
                report.note(at.place, Kind::Rule, || format!("must have at most {}", counted(max, "character")));
                // A pattern is not tried on a string that is too long anyway.
                return Ok(false);
            }
            if let Some(min) = rules.min_length.filter(|min| length < *min) {
                report.note(at.place, Kind::Rule, || format!("must have at least {}", counted(min, "character")));
                fits = false;
            }
        }
        if let Some(pattern) = &rules.pattern
            && !pattern.is_match(string, &mut self.budget)?
        {
            report.note(at.place, Kind::Rule, || format!("must match the pattern {}", pattern.source()));
            fits = false;
        }
        Ok(fits)
    }
}

fn number_fits(rules: &NumberRules, number: &Number, at: At<'_>, report: &mut Report) -> bool {
    use Ordering::{Equal, Greater, Less};
    let mut fits = true;
    for (limit, refused, words) in [
        (&rules.maximum, [Greater, Greater], "at most"),
        (&rules.minimum, [Less, Less], "at least"),
        (&rules.exclusive_maximum, [Greater, Equal], "less than"),
        (&rules.exclusive_minimum, [Less, Equal], "greater than"),
    ] {
        if let Some(limit) = limit
            && refused.contains(&number::compare(number, limit))
        {
            report.note(at.place, Kind::Rule, || format!("must be {words} {limit}"));
            fits = false;
        }
    }
    if let Some((divisor, written)) = &rules.multiple_of
        && !divisor.divides(number)
    {
        report.note(at.place, Kind::Rule, || format!("must be a multiple of {written}"));
        fits = false;
    }
    fits
}

fn wrong_type(types: Types, view: View<'_>) -> String {
    let fraction = matches!(view, View::Number(_)) && types.admit_integers();
    format!("must be {}, not {}", types.in_words(), if fraction { "a number with a fraction" } else { view.kind() })
}

fn one_of(options: impl ExactSizeIterator<Item = String>) -> String {
    match options.len() {
        0 => "is not allowed".to_owned(),
        1 => format!("must be {}", listed(options)),
        _ => format!("must be one of {}", listed(options)),
    }
}

/// `1 item`, `2 items`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
