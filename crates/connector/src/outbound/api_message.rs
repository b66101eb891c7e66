//! What an API says about a failure, as far as the model may read it: an excerpt of an error's JSON.

use serde_json::Value;

/// How much of an error is read, in bytes.
pub(crate) const MAX_ERROR_BYTES: usize = 64 << 10;

/// How much of a message is passed on, in characters.
const MAX_CHARACTERS: usize = 300;

/// How many messages of one error are passed on.
const MAX_MESSAGES: usize = 5;

/// Where APIs put a message: problem details (RFC 9457), OAuth (RFC 6749 §5.2), and what is usual.
const MEMBERS: [&str; 7] = ["detail", "message", "error_description", "error_message", "error", "title", "errors"];

/// Where an entry of a list names the field that it is about: JSON:API and problem details of validation.
const FIELDS: [&str; 3] = ["field", "param", "pointer"];

/// Returns the messages in the body of an error, separated by semicolons. None if there is none, or if they say one of `secrets` back.
pub(crate) fn message(body: &[u8], secrets: &[String]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let texts = texts_in(&body, 4);
    if secrets.iter().any(|secret| texts.iter().any(|text| text.contains(secret.as_str()))) {
        return None;
    }
    let mut messages: Vec<String> = Vec::new();
    for text in texts {
        let text = cleaned(&text);
        let is_said = messages.iter().any(|message| message.contains(&text));
        if !text.is_empty() && !is_said && messages.len() < MAX_MESSAGES {
            messages.push(text);
        }
    }
    (!messages.is_empty()).then(|| cut(messages.join("; ")))
}

/// Returns the texts in members that are for messages: the first such member of an object, and what `errors` has beside it. An entry of
/// `errors` begins with the name of the field that it is about.
fn texts_in(value: &Value, depth: u32) -> Vec<String> {
    let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().take(2 * MAX_MESSAGES).flat_map(|item| texts_in(item, depth)).collect(),
        Value::Object(members) => {
            let texts = |name: &&str| members.get(*name).map(|value| texts_in(value, depth)).unwrap_or_default();
            let is_some = |texts: &Vec<String>| texts.iter().any(|text| !text.trim().is_empty());
            let mut said = MEMBERS.iter().map(texts).find(is_some).unwrap_or_default();
            if let Some(field) = FIELDS.iter().find_map(|name| members.get(*name).and_then(Value::as_str)) {
                said = said.into_iter().map(|text| about(field, text)).collect();
            }
            said.extend(texts(&"errors"));
            said
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// Returns a message that names its field.
fn about(field: &str, text: String) -> String {
    if field.is_empty() || text.contains(field) { text } else { format!("{field}: {text}") }
}

/// Returns a text on one line, without the queries of URLs, which may hold credentials.
fn cleaned(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let words = words.map(|word| match word.split_once('?') {
        Some((url, _)) if url.contains("://") || url.starts_with('/') => format!("{url}?…"),
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ").replace(['“', '”'], "\"")
}

/// Returns a text that is cut to its limit.
fn cut(text: String) -> String {
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Option<String> {
        message(body.as_bytes(), &["s3cret".to_owned()])
    }

    #[test]
    fn the_message_of_an_api_is_found_where_apis_put_it() {
        for (body, text) in [
            (r#"{"message": "Not Found", "documentation_url": "https://x"}"#, "Not Found"),
            (r#"{"error": {"type": "invalid", "message": "No such customer", "code": 4}}"#, "No such customer"),
            (r#"{"error": "invalid_grant", "error_description": "It has expired."}"#, "It has expired."),
            (r#"{"error": "not_found"}"#, "not_found"),
            (
                r#"{"type": "about:blank", "title": "Bad Request", "detail": "age is not a number"}"#,
                "age is not a number",
            ),
            (r#"{"title": "Bad Request", "status": 400}"#, "Bad Request"),
            (r#"{"errors": [{"message": "too long"}, {"message": "too wide"}]}"#, "too long; too wide"),
            (r#"{"errors": ["", "too long"]}"#, "too long"),
            (
                r#"{"message": "Validation Failed", "errors": [{"field": "title", "message": "is missing"}, {"field": "body", "message": "body is too long"}]}"#,
                "Validation Failed; title: is missing; body is too long",
            ),
            (r#"{"errors": [{"detail": "no"}, {"detail": "no"}], "message": "no"}"#, "no"),
            (r#"{"errors": [1, "a", "b", "c", "d", "e", "f"]}"#, "a; b; c; d; e"),
        ] {
            assert_eq!(of(body).as_deref(), Some(text), "{body}");
        }
        for body in [
            "",
            "<h1>Bad Gateway</h1>",
            "{}",
            "null",
            "7",
            r#"{"error": true}"#,
            r#"{"message": " \n"}"#,
            r#"{"other": "x"}"#,
        ] {
            assert_eq!(of(body), None, "{body}");
        }
    }

    #[test]
    fn a_message_with_a_credential_is_dropped() {
        assert_eq!(of(r#"{"message": "the token s3cret is not valid"}"#), None);
        assert_eq!(of(r#"{"error": {"message": "key=s3cret"}}"#), None);
    }

    #[test]
    fn a_message_is_one_short_line_without_queries() {
        assert_eq!(of(r#"{"message": "a\n\tb \u0000c\u001b[1m"}"#).as_deref(), Some("a b c [1m"));
        assert_eq!(
            of(r#"{"message": "GET https://a.example/b?key=1 failed, why?"}"#).as_deref(),
            Some("GET https://a.example/b?… failed, why?")
        );
        assert_eq!(of(r#"{"message": "GET /b?key=1 failed"}"#).as_deref(), Some("GET /b?… failed"));
        let long = of(&format!(r#"{{"message": "{}"}}"#, "ä".repeat(1000))).unwrap();
        assert_eq!(long, format!("{}…", "ä".repeat(300)));
    }
}
