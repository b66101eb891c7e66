//! placeholder
use super::json::Object;
use serde_json::Value;
use std::borrow::Cow;
pub(crate) struct HeaderParams;
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub(crate) struct X;
impl HeaderParams {
    pub(crate) fn of(_: &Value) -> Result<Self, X> {
        Ok(Self)
    }
    pub(crate) fn check(&self, _: &Object, _: impl Fn(&str) -> Option<String>) -> Result<(), X> {
        Ok(())
    }
}
pub(crate) fn decode_header_value(raw: &str) -> Result<Cow<'_, str>, X> {
    Ok(Cow::Borrowed(raw))
}
