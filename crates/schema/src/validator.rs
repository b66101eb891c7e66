//! A schema that can be used.

use std::borrow::Borrow;

use serde_json::Value;

use crate::budget::Exhausted;
use crate::compile::compile;
use crate::document::SchemaError;
use crate::evaluate::Evaluation;
use crate::keywords::Tree;
use crate::report::{Kind, Place, Report, Violations};
use crate::view::View;

/// A JSON Schema of the 2020-12 dialect that was found valid.
#[derive(Debug)]
pub struct Schema {
    tree: Tree,
}

impl Schema {
    /// Checks and compiles a schema. What it refers to must stand in the document itself.
    pub fn compile(document: impl Borrow<Value>) -> Result<Self, SchemaError> {
        Self::compile_with(document.borrow(), &[])
    }

    /// The same, with further documents at hand that it may refer to by their URIs.
    pub(crate) fn compile_with(document: &Value, others: &[(String, Value)]) -> Result<Self, SchemaError> {
        compile(document, others).map(|tree| Self { tree })
    }

    /// Whether the value fits, and where not.
    pub fn validate(&self, instance: &Value) -> Result<(), Violations> {
        self.check(instance.into())
    }

    /// Most values fit. So the first look only says yes or no, and reasons are collected in a second one.
    fn check(&self, instance: View<'_>) -> Result<(), Violations> {
        let mut report = Report::listening();
        let unexplained = match Evaluation::of(&self.tree).root(instance, &mut Report::silent()) {
            Ok(true) => return Ok(()),
            Ok(false) => {
                // Where the budget of explaining ends too early, what was found by then has to do.
                let _ = Evaluation::of(&self.tree).root(instance, &mut report);
                "does not fit the schema"
            }
            Err(Exhausted) => "takes too much work to check",
        };
        if report.is_empty() {
            report.note(&Place::WHOLE, Kind::Rule, || unexplained.to_owned());
        }
        Err(report.into_violations())
    }
}
