//! placeholder
use serde_json::Value;
pub(crate) struct Schema(Value);
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub(crate) struct SchemaError;
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub(crate) struct Violations;
impl Schema {
    pub(crate) fn compile(document: Value) -> Result<Self, SchemaError> {
        Ok(Self(document))
    }
    pub(crate) fn validate(&self, _: &Value) -> Result<(), Violations> {
        Ok(())
    }
}
