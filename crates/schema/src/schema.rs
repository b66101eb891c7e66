//! The compiled schema that other crates use.

use serde_json::Value;

use crate::budget::Exhausted;
use crate::compile::compiler::compile;
use crate::document::schema_error::SchemaError;
use crate::evaluate::evaluation::Evaluation;
use crate::instance::path::InstancePath;
use crate::keywords::compiled::CompiledSchema;
use crate::violations::report::Report;
use crate::violations::violation::{ViolationKind, Violations};

/// A valid JSON Schema of the 2020-12 dialect, ready to validate values.
#[derive(Debug)]
pub struct Schema {
    compiled: CompiledSchema,
}

impl Schema {
    /// Checks and compiles a schema. Its references must point into the document itself: nothing is ever fetched.
    ///
    /// # Errors
    ///
    /// Returns the first mistake in the document, with its location.
    pub fn compile(document: &Value) -> Result<Self, SchemaError> {
        compile(document).map(|compiled| Self { compiled })
    }

    /// Validates a value.
    ///
    /// # Errors
    ///
    /// Returns why the value is invalid, or that the validation takes too much work.
    pub fn validate(&self, instance: &Value) -> Result<(), Violations> {
        // Most values are valid, so the first evaluation only says yes or no. A second one collects the reasons.
        let mut report = Report::collecting();
        let reason = match Evaluation::new(&self.compiled).evaluate(instance, &mut Report::discarding()) {
            Ok(true) => return Ok(()),
            Ok(false) => {
                // If the budget ends while reasons are collected, those found until then are reported.
                let _ = Evaluation::new(&self.compiled).evaluate(instance, &mut report);
                "does not fit the schema"
            }
            Err(Exhausted) => "takes too much work to check",
        };
        if report.is_empty() {
            report.add(&InstancePath::ROOT, ViolationKind::Other, || reason.to_owned());
        }
        Err(report.into_violations())
    }
}
