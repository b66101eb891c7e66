//! The parameters of a statement in SQL: what a tuple, an array or a list of plain values is for D1.

use serde::Serialize;
use serde_json::Value;
use worker::wasm_bindgen::JsValue;

use crate::storage::binding_error::BindingError;

/// The largest whole number that JavaScript, and so D1, keeps exactly.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// A value that can be bound.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Parameter {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
}

impl From<Parameter> for JsValue {
    fn from(parameter: Parameter) -> Self {
        match parameter {
            Parameter::Null => Self::NULL,
            Parameter::Boolean(value) => value.into(),
            Parameter::Number(value) => value.into(),
            Parameter::Text(value) => value.into(),
        }
    }
}

/// Returns the parameters in `parameters`: a tuple, an array or a list of plain values, or `()`.
pub(crate) fn parameters(parameters: impl Serialize) -> Result<Vec<Parameter>, BindingError> {
    let cannot = |what: String| BindingError::Value(format!("A parameter cannot be bound: {what}."));
    match serde_json::to_value(parameters).map_err(|error| cannot(error.to_string()))? {
        Value::Array(values) => values
            .into_iter()
            .enumerate()
            .map(|(index, value)| {
                parameter(value).ok_or_else(|| {
                    let number = index.saturating_add(1);
                    cannot(format!("?{number} has to be text, a number of at most 2^53, a boolean or nothing"))
                })
            })
            .collect(),
        Value::Null => Ok(Vec::new()),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Err(cannot("parameters are a tuple or an array, such as `(id,)` or `[id]`".to_owned()))
        }
    }
}

fn parameter(value: Value) -> Option<Parameter> {
    match value {
        Value::Null => Some(Parameter::Null),
        Value::Bool(value) => Some(Parameter::Boolean(value)),
        Value::String(text) => Some(Parameter::Text(text)),
        Value::Number(number) => {
            let is_exact = match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => number <= MAX_SAFE_INTEGER,
                (None, Some(number)) => number.unsigned_abs() <= MAX_SAFE_INTEGER,
                (None, None) => true,
            };
            number.as_f64().filter(|_| is_exact).map(Parameter::Number)
        }
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_values_are_bound_in_their_order() {
        let text = |text: &str| Parameter::Text(text.to_owned());
        assert_eq!(
            parameters(("a", 7_u32, -1.5, true, None::<u8>, Some("b"))).unwrap(),
            [
                text("a"),
                Parameter::Number(7.0),
                Parameter::Number(-1.5),
                Parameter::Boolean(true),
                Parameter::Null,
                text("b")
            ]
        );
        assert_eq!(parameters(["a".to_owned()]).unwrap(), [text("a")]);
        assert_eq!(parameters(vec![1, 2]).unwrap(), [Parameter::Number(1.0), Parameter::Number(2.0)]);
        assert_eq!(parameters(()).unwrap(), []);
        assert_eq!(parameters([(1_u64 << 53) - 1]).unwrap(), [Parameter::Number(9_007_199_254_740_991.0)]);
    }

    #[test]
    fn what_d1_would_change_is_an_error() {
        for error in [
            parameters((1, 1_u64 << 53)),
            parameters((1, i64::MIN)),
            parameters((1, [1, 2])),
            parameters((1, serde_json::json!({"a": 1}))),
        ] {
            assert!(error.unwrap_err().to_string().contains("?2 has to be text"));
        }
        for error in [parameters("a"), parameters(7), parameters(serde_json::json!({"a": 1}))] {
            assert!(error.unwrap_err().to_string().contains("a tuple or an array"));
        }
    }
}
