//! Keywords for any type, for numbers and for strings (Validation §6.1, §6.2, §6.3).

use std::cmp::Ordering;

use serde_json::{Number, Value};

use crate::evaluate::evaluation::{Evaluation, Verdict};
use crate::instance::equality::equal;
use crate::instance::number::compare;
use crate::instance::path::InstancePath;
use crate::keywords::compiled::{Keywords, NumberKeywords, StringKeywords};
use crate::violations::report::Report;
use crate::violations::text::{counted, listed, literal};
use crate::violations::violation::ViolationKind;

impl Evaluation<'_> {
    /// Checks `type`, `const` and `enum`.
    pub(crate) fn type_and_constants(
        &mut self,
        keywords: &Keywords,
        instance: &Value,
        path: &InstancePath<'_>,
        report: &mut Report,
    ) -> Verdict {
        if let Some(types) = &keywords.types
            && !types.admit(instance)
        {
            report.add(path, ViolationKind::Type, || types.refusal(instance));
            return Ok(false);
        }
        if let Some(constant) = &keywords.constant
            && !equal(instance, constant, &mut self.budget)?
        {
            report.add(path, ViolationKind::Constant, || format!("must be {}", literal(constant)));
            return Ok(false);
        }
        if let Some(values) = &keywords.enumeration {
            for value in values {
                if equal(instance, value, &mut self.budget)? {
                    return Ok(true);
                }
            }
            report.add(path, ViolationKind::Constant, || one_of(values));
            return Ok(false);
        }
        Ok(true)
    }

    pub(crate) fn number(
        keywords: &NumberKeywords,
        number: &Number,
        path: &InstancePath<'_>,
        report: &mut Report,
    ) -> bool {
        use Ordering::{Equal, Greater, Less};
        let mut valid = true;
        for (limit, refused, words) in [
            (&keywords.maximum, [Greater, Greater], "at most"),
            (&keywords.minimum, [Less, Less], "at least"),
            (&keywords.exclusive_maximum, [Greater, Equal], "less than"),
            (&keywords.exclusive_minimum, [Less, Equal], "greater than"),
        ] {
            if let Some(limit) = limit
                && refused.contains(&compare(number, limit))
            {
                report.add(path, ViolationKind::Other, || format!("must be {words} {limit}"));
                valid = false;
            }
        }
        if let Some(divisor) = &keywords.multiple_of
            && !divisor.divides(number)
        {
            report.add(path, ViolationKind::Other, || format!("must be a multiple of {divisor}"));
            valid = false;
        }
        valid
    }

    pub(crate) fn string(
        &mut self,
        keywords: &StringKeywords,
        string: &str,
        path: &InstancePath<'_>,
        report: &mut Report,
    ) -> Verdict {
        let mut valid = true;
        if keywords.max_length.is_some() || keywords.min_length.is_some() {
            self.budget.spend(string.len() / 128)?;
            let length = string.chars().count();
            if let Some(max) = keywords.max_length.filter(|max| length > *max) {
                report.add(path, ViolationKind::Other, || format!("must have at most {}", counted(max, "character")));
                // A pattern is not tried on a string that is too long.
                return Ok(false);
            }
            if let Some(min) = keywords.min_length.filter(|min| length < *min) {
                report.add(path, ViolationKind::Other, || format!("must have at least {}", counted(min, "character")));
                valid = false;
            }
        }
        if let Some(pattern) = &keywords.pattern
            && !pattern.is_match(string, &mut self.budget)?
        {
            report.add(path, ViolationKind::Other, || format!("must match the pattern {}", pattern.source()));
            valid = false;
        }
        Ok(valid)
    }
}

fn one_of(values: &[Value]) -> String {
    match values.len() {
        0 => "is not allowed".to_owned(),
        1 => format!("must be {}", listed(values.iter().map(literal))),
        _ => format!("must be one of {}", listed(values.iter().map(literal))),
    }
}
