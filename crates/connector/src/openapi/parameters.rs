//! Writes the values of parameters ("Style Values", OpenAPI 3.1 §4.8.12.3).

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What is not `unreserved` (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Returns a value without characters that mean something in a URL.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The parameters of a query or the members of a form, encoded.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairs(String);

impl Pairs {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a parameter in the style `form` with `explode`: a list is the parameter several times, an object is one parameter
    /// for each member.
    pub(super) fn form(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::Array(items) => {
                for item in items {
                    self.push(name, &encoded(&plain(item)));
                }
            }
            Value::Object(members) => {
                for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                    self.push(name, &encoded(&plain(value)));
                }
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) => self.push(name, &encoded(&plain(value))),
        }
    }

    /// Adds a parameter whose items are in one value: `form` without `explode`, `spaceDelimited`, `pipeDelimited`.
    pub(super) fn joined(&mut self, name: &str, separator: char, value: &Value) {
        if value.is_null() {
            return;
        }
        // A comma may stand in a query as it is; a space and `|` may not.
        let separator = if separator == ',' { ",".to_owned() } else { encoded(separator.encode_utf8(&mut [0; 4])) };
        let items: Vec<_> = items(value).iter().map(|item| encoded(item)).collect();
        self.push(name, &items.join(&separator));
    }

    /// Adds a parameter in the style `deepObject`: `filter[state]=open`, and `ids[0]=7` for a list.
    pub(super) fn deep(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::Object(members) => {
                for (key, value) in members {
                    self.deep(&format!("{name}[{key}]"), value);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.deep(&format!("{name}[{index}]"), item);
                }
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) => self.push(name, &encoded(&plain(value))),
        }
    }

    /// Adds a parameter whose value is JSON.
    pub(super) fn json(&mut self, name: &str, value: &Value) {
        if !value.is_null() {
            self.push(name, &encoded(&value.to_string()));
        }
    }

    /// Adds a parameter with a value that is encoded already.
    fn push(&mut self, name: &str, value: &str) {
        let separator = if self.0.is_empty() { "" } else { "&" };
        // To write to a string does not fail.
        let _ = write!(self.0, "{separator}{}={value}", encoded(name));
    }
}

/// Returns the value in the style `simple`: of a path, a header or a cookie. Lists are joined by commas, and so are the names and
/// values of an object.
pub(super) fn simple(value: &Value) -> String {
    items(value).join(",")
}

fn items(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(members) => members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .flat_map(|(name, value)| [name.clone(), plain(value)])
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => vec![plain(value)],
    }
}

/// Returns a plain value as text. What is nested deeper than a style can say is JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Returns `value` without the members of objects that are null: they are arguments that were left out.
pub(super) fn without_absent(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, without_absent(value)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_absent).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pairs(add: impl FnOnce(&mut Pairs)) -> String {
        let mut pairs = Pairs::default();
        add(&mut pairs);
        pairs.0
    }

    #[test]
    fn a_query_has_the_style_that_the_document_names() {
        let list = json!(["a b", "c,d"]);
        let object = json!({"r": 100, "g": null, "b": "&"});
        assert_eq!(pairs(|query| query.form("color", &list)), "color=a%20b&color=c%2Cd");
        assert_eq!(pairs(|query| query.form("color", &object)), "b=%26&r=100");
        assert_eq!(pairs(|query| query.joined("color", ',', &list)), "color=a%20b,c%2Cd");
        assert_eq!(pairs(|query| query.joined("color", ' ', &list)), "color=a%20b%20c%2Cd");
        assert_eq!(pairs(|query| query.joined("color", '|', &list)), "color=a%20b%7Cc%2Cd");
        assert_eq!(pairs(|query| query.joined("color", ',', &object)), "color=b,%26,r,100");
        assert_eq!(pairs(|query| query.deep("color", &object)), "color%5Bb%5D=%26&color%5Br%5D=100");
        assert_eq!(pairs(|query| query.deep("ids", &json!([1, {"a": 2}]))), "ids%5B0%5D=1&ids%5B1%5D%5Ba%5D=2");
        assert_eq!(pairs(|query| query.json("where", &json!({"a": [1]}))), "where=%7B%22a%22%3A%5B1%5D%7D");
    }

    #[test]
    fn what_is_left_out_is_not_sent() {
        let add = |query: &mut Pairs| {
            query.form("a", &Value::Null);
            query.joined("b", ',', &Value::Null);
            query.deep("c", &Value::Null);
            query.json("d", &Value::Null);
        };
        assert_eq!(pairs(add), "");
        let body = without_absent(json!({"a": null, "b": [{"c": null, "d": 1}], "e": [null]}));
        assert_eq!(body, json!({"b": [{"d": 1}], "e": [null]}));
    }

    #[test]
    fn a_path_a_header_and_a_cookie_are_simple() {
        assert_eq!(simple(&json!([1, "b"])), "1,b");
        assert_eq!(simple(&json!({"a": 1, "b": true})), "a,1,b,true");
        assert_eq!(simple(&json!("a b")), "a b");
    }
}
