//! What an API says about a failure, as far as the model may read it: an excerpt of an error's JSON.

use serde_json::Value;

/// How much of an error is read, in bytes.
pub(crate) const MAX_ERROR_BYTES: usize = 64 << 10;

/// How much of a message is passed on, in characters.
const MAX_CHARACTERS: usize = 300;

/// Where APIs put a message: problem details (RFC 9457), OAuth (RFC 6749 §5.2), and what is usual.
const MEMBERS: [&str; 7] = ["detail", "message", "error_description", "error_message", "error", "title", "errors"];

/// Returns the message in the body of an error. None if there is none, or if it says one of `secrets` back.
pub(crate) fn message(body: &[u8], secrets: &[String]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let text = text_in(&body, 4)?;
    if secrets.iter().any(|secret| text.contains(secret.as_str())) {
        return None;
    }
    let text = cleaned(text);
    (!text.is_empty()).then_some(text)
}

/// Returns the first text in a member that is for messages.
fn text_in(value: &Value, depth: u32) -> Option<&str> {
    let depth = depth.checked_sub(1)?;
    match value {
        Value::String(text) => Some(text.as_str()).filter(|text| !text.trim().is_empty()),
        Value::Array(items) => items.iter().find_map(|item| text_in(item, depth)),
        Value::Object(members) => {
            MEMBERS.iter().filter_map(|name| members.get(*name)).find_map(|value| text_in(value, depth))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Returns a text on one line, without the queries of URLs, which may hold credentials, and cut to its limit.
fn cleaned(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let words = words.map(|word| match word.split_once('?') {
        Some((url, _)) if url.contains("://") || url.starts_with('/') => format!("{url}?…"),
        _ => word.to_owned(),
    });
    let text = words.collect::<Vec<_>>().join(" ").replace(['“', '”'], "\"");
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
            (r#"{"errors": [{"message": "too long"}, {"message": "too wide"}]}"#, "too long"),
            (r#"{"errors": ["", "too long"]}"#, "too long"),
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
