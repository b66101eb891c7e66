//! A schema that can be used: the document as it is shown to clients, and what it was compiled to.

use serde_json::Value;

use super::budget::Exhausted;
use super::compile::compile;
use super::document::SchemaError;
use super::evaluate::Evaluation;
use super::keywords::Tree;
use super::report::{Kind, Place, Report, Violations};
use super::view::View;
use crate::mcp::json::Object;

/// A JSON Schema of the 2020-12 dialect that was found valid.
#[derive(Debug)]
pub(crate) struct Schema {
    document: Value,
    tree: Tree,
}

impl Schema {
    /// Checks and compiles a schema. What it refers to must stand in the document itself.
    pub(crate) fn compile(document: Value) -> Result<Self, SchemaError> {
        Self::compile_with(document, &[])
    }

    /// The same, with further documents at hand that it may refer to by their URIs.
    pub(super) fn compile_with(document: Value, others: &[(String, Value)]) -> Result<Self, SchemaError> {
        let tree = compile(&document, others)?;
        Ok(Self { document, tree })
    }

    /// The schema as its author wrote it.
    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    /// Whether the value fits, and where not.
    pub(crate) fn validate(&self, instance: &Value) -> Result<(), Violations> {
        self.check(instance.into())
    }

    /// The same for an object that is not a `Value`, such as the arguments of a call.
    pub(crate) fn validate_object(&self, instance: &Object) -> Result<(), Violations> {
        self.check(View::Object(instance))
    }

    /// Most values fit. So the first look only says yes or no, and reasons are collected in a second one.
    fn check(&self, instance: View<'_>) -> Result<(), Violations> {
        if let Ok(true) = Evaluation::of(&self.tree).root(instance, &mut Report::silent()) {
            return Ok(());
        }
        let mut report = Report::listening();
        match Evaluation::of(&self.tree).root(instance, &mut report) {
            Ok(_) => {}
            Err(Exhausted) => report.note(&Place::WHOLE, Kind::Rule, || "takes too much work to check".to_owned()),
        }
        if report.first_reason().is_none() {
            report.note(&Place::WHOLE, Kind::Rule, || "does not fit the schema".to_owned());
        }
        Err(report.into_violations())
    }
}
