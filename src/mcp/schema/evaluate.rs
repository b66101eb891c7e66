//! Applying a compiled schema to a value (JSON Schema Core 2020-12 §7 to §11). The answer is yes or no; a [`Report`] that
//! listens is told why not. Every step is counted against a [`Budget`], so no value can make this long.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::budget::{Budget, Exhausted};
use super::document::ResourceId;
use super::equality::{all_differ, equal};
use super::keywords::{
    ArrayRules, Contains, InPlace, Keywords, Node, NodeId, NumberRules, ObjectRules, StringRules, Tree, Types,
};
use super::number;
use super::report::{Kind, Place, Report, listed, literal, shown};
use super::unevaluated::Marks;
use super::view::View;
use crate::mcp::json::Object;

/// One validation.
pub(super) struct Evaluation<'t> {
    tree: &'t Tree,
    budget: Budget,
}

/// Where a schema is applied: at which place of the value, and through which resources it was reached.
#[derive(Clone, Copy)]
struct At<'a> {
    place: &'a Place<'a>,
    scope: &'a Scope<'a>,
}

impl<'a> At<'a> {
    const fn child<'c>(self, place: &'c Place<'c>) -> At<'c>
    where
        'a: 'c,
    {
        At { place, scope: self.scope }
    }
}

/// The dynamic scope: the resources a validation has entered, the innermost first (Core §7.1).
struct Scope<'s> {
    resource: ResourceId,
    outer: Option<&'s Scope<'s>>,
}

type Verdict = Result<bool, Exhausted>;

impl<'t> Evaluation<'t> {
    pub(super) const fn of(tree: &'t Tree) -> Self {
        Self { tree, budget: Budget::new() }
    }

    /// Whether the value fits the whole schema.
    pub(super) fn root(&mut self, view: View<'_>, report: &mut Report) -> Verdict {
        let scope = Scope { resource: 0, outer: None };
        self.schema(0, view, At { place: &Place::WHOLE, scope: &scope }, None, report)
    }

    /// Applies one schema. `marks`, where the caller asks for them, are told which children it has looked at, if it fits.
    fn schema(
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

    fn array(
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

    fn object(
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

    fn in_place(
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
        for schema in schemas {
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
        if let (1, true) = (nearest.len(), nearness > 0)
            && let Some(attempt) = nearest.pop()
        {
            report.extend(attempt);
            return Ok(());
        }
        let words: Option<Vec<String>> = schemas.iter().map(|schema| self.described(*schema)).collect();
        report.note(at.place, Kind::Type, || match words {
            Some(mut words) if nearness == 0 => {
                words.dedup();
                format!("must be {}", words.join(" or "))
            }
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

    fn unevaluated_items(
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

    fn unevaluated_properties(
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
    let asked = types.in_words();
    let fraction = matches!(view, View::Number(_)) && asked.contains("integer");
    format!("must be {asked}, not {}", if fraction { "a number with a fraction" } else { view.kind() })
}

fn one_of(options: impl ExactSizeIterator<Item = String>) -> String {
    match options.len() {
        0 => "is not allowed".to_owned(),
        1 => format!("must be {}", listed(options)),
        _ => format!("must be one of {}", listed(options)),
    }
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn not_known(rules: &ObjectRules) -> String {
    if rules.properties.is_empty() {
        return "is not known; nothing is allowed here".to_owned();
    }
    format!("is not known; known: {}", listed(rules.properties.iter().map(|(name, _)| format!("`{}`", shown(name)))))
}
