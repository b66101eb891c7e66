//! Keywords that apply further schemas to the same value: `$ref`, `allOf`, `anyOf`, `oneOf`, `not`, `if` (Core §8.2.3, §10.2).

use serde_json::Value;

use crate::evaluate::evaluated::Evaluated;
use crate::evaluate::evaluation::{Evaluation, Verdict};
use crate::instance::path::InstancePath;
use crate::keywords::compiled::InPlaceApplicator;
use crate::violations::report::Report;
use crate::violations::violation::ViolationKind;

impl Evaluation<'_> {
    pub(crate) fn in_place(
        &mut self,
        applicator: &InPlaceApplicator,
        instance: &Value,
        path: &InstancePath<'_>,
        evaluated: &mut Option<Evaluated>,
        report: &mut Report,
    ) -> Verdict {
        match applicator {
            InPlaceApplicator::Ref(schema) => self.apply(*schema, instance, path, evaluated.as_mut(), report),
            InPlaceApplicator::AllOf(schemas) => {
                let mut valid = true;
                for schema in schemas {
                    if !valid && report.has_enough() {
                        return Ok(false);
                    }
                    valid &= self.apply(*schema, instance, path, evaluated.as_mut(), report)?;
                }
                Ok(valid)
            }
            InPlaceApplicator::AnyOf(schemas) => {
                let mut any = false;
                for schema in schemas {
                    any |= self.apply(*schema, instance, path, evaluated.as_mut(), &mut Report::discarding())?;
                    // Every schema that matches adds what it has evaluated, where that is needed.
                    if any && evaluated.is_none() {
                        return Ok(true);
                    }
                }
                if !any && report.is_collecting() {
                    self.explain_none(schemas, instance, path, report)?;
                }
                Ok(any)
            }
            InPlaceApplicator::OneOf(schemas) => {
                let mut matching = 0;
                for schema in schemas {
                    if self.apply(*schema, instance, path, evaluated.as_mut(), &mut Report::discarding())? {
                        matching += 1;
                    }
                    if matching > 1 {
                        report.add(path, ViolationKind::Other, || {
                            "fits more than one of several forms that exclude each other".to_owned()
                        });
                        return Ok(false);
                    }
                }
                if matching == 0 && report.is_collecting() {
                    self.explain_none(schemas, instance, path, report)?;
                }
                Ok(matching == 1)
            }
            InPlaceApplicator::Not(schema) => {
                let valid = self.apply(*schema, instance, path, None, &mut Report::discarding())?;
                if valid {
                    report.add(path, ViolationKind::Other, || match self.described(*schema) {
                        Some(words) => format!("must not be {words}"),
                        None => "has a form that is not allowed".to_owned(),
                    });
                }
                Ok(!valid)
            }
            InPlaceApplicator::If { condition, then, otherwise } => {
                let holds = self.apply(*condition, instance, path, evaluated.as_mut(), &mut Report::discarding())?;
                match if holds { then } else { otherwise } {
                    Some(schema) => self.apply(*schema, instance, path, evaluated.as_mut(), report),
                    None => Ok(true),
                }
            }
        }
    }
}
