//! Cuts an answer that is too large for a model, and says what is missing.

use serde_json::Value;

/// Maximum size of an answer as JSON or text, in bytes: some ten thousand tokens. Clients refuse or cut what is much larger.
pub(super) const MAX_ANSWER: usize = 40_000;

/// Maximum length of a string in an answer that is too large, in bytes.
const MAX_STRING: usize = 1_000;

/// Maximum number of lists that are shortened.
const MAX_CUTS: usize = 50;

/// Shortens lists, and then strings, until the value is no larger than `limit`. Members of objects stay, so that the value
/// keeps its form and a cursor at its end is not lost. Returns what is missing, in words.
pub(super) fn cut(value: &mut Value, limit: usize) -> Option<String> {
    let mut size = size_of(value);
    if size <= limit {
        return None;
    }
    let mut missing = Vec::new();
    for _ in 0..MAX_CUTS {
        if size <= limit {
            break;
        }
        let Some((path, list)) = largest_list(value, String::new()) else { break };
        let total = list.len();
        let mut excess = size - limit;
        while list.len() > 1 && excess > 0 {
            let item = list.pop().map_or(0, |item| size_of(&item) + 1);
            excess = excess.saturating_sub(item);
        }
        let place = if path.is_empty() { "the list".to_owned() } else { format!("`{path}`") };
        missing.push(format!("{} of {total} items of {place}", list.len()));
        size = size_of(value);
    }
    let mut said = Vec::new();
    if !missing.is_empty() {
        missing.truncate(3);
        said.push(format!("it shows {}", missing.join(", ")));
    }
    if size > limit && shorten_strings(value) {
        said.push(format!("texts end after {MAX_STRING} bytes"));
    }
    Some(said.join(", and "))
}

/// Returns the list with more than one item that takes the most room, with its place.
fn largest_list(value: &mut Value, path: String) -> Option<(String, &mut Vec<Value>)> {
    match value {
        Value::Array(items) => {
            if items.len() > 1 {
                return Some((path, items));
            }
            largest_list(items.first_mut()?, format!("{path}[0]"))
        }
        Value::Object(members) => {
            let mut sized: Vec<_> = members
                .iter_mut()
                .filter(|(_, value)| value.is_array() || value.is_object())
                .map(|(name, value)| (size_of(value), name, value))
                .collect();
            sized.sort_by_key(|(size, _, _)| std::cmp::Reverse(*size));
            let dot = if path.is_empty() { "" } else { "." };
            sized.into_iter().find_map(|(_, name, value)| largest_list(value, format!("{path}{dot}{name}")))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// Cuts each string that is too long. Returns whether there was one.
fn shorten_strings(value: &mut Value) -> bool {
    match value {
        Value::String(text) => cut_text(text, MAX_STRING).is_some(),
        Value::Array(items) => items.iter_mut().map(shorten_strings).filter(|was_cut| *was_cut).count() > 0,
        Value::Object(members) => members.values_mut().map(shorten_strings).filter(|was_cut| *was_cut).count() > 0,
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Cuts a text after the last whole character within `max_bytes`, and marks its end. Returns how many bytes are left of it, or none if
/// it is no longer than that.
pub(super) fn cut_text(text: &mut String, max_bytes: usize) -> Option<usize> {
    if text.len() <= max_bytes {
        return None;
    }
    let end = text.floor_char_boundary(max_bytes);
    text.truncate(end);
    text.push('…');
    Some(end)
}

/// Returns the size of a value as JSON, without writing it.
pub(super) fn size_of(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 4,
        Value::Number(number) => number.to_string().len(),
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| size_of(item) + 1).sum::<usize>() + 2,
        Value::Object(members) => {
            members.iter().map(|(name, value)| name.len() + size_of(value) + 4).sum::<usize>() + 2
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_that_fits_stays() {
        let mut value = json!([1, 2, 3]);
        assert_eq!((cut(&mut value, 100), value), (None, json!([1, 2, 3])));
    }

    #[test]
    fn the_list_is_cut_and_what_follows_it_stays() {
        let items: Vec<_> = (0..100).map(|id| json!({"id": id, "tags": ["a", "b"]})).collect();
        let mut value = json!({"items": items, "next": "abc"});
        let missing = cut(&mut value, 1000).unwrap();
        let shown = value["items"].as_array().unwrap().len();
        assert!(shown > 20 && shown < 100 && size_of(&value) <= 1000, "{shown}");
        assert_eq!(missing, format!("it shows {shown} of 100 items of `items`"));
        assert_eq!(value["next"], "abc");
    }

    #[test]
    fn a_text_is_cut_by_its_bytes_and_never_within_a_character() {
        for (text, max_bytes, cut, kept) in [
            ("abc", 3, "abc", None),
            ("abcd", 3, "abc…", Some(3)),
            ("äöü", 6, "äöü", None),
            ("äöü", 5, "äö…", Some(4)),
            ("日本語", 8, "日本…", Some(6)),
            ("日本語", 2, "…", Some(0)),
        ] {
            let mut shown = text.to_owned();
            assert_eq!(cut_text(&mut shown, max_bytes), kept, "{text} to {max_bytes}");
            assert_eq!(shown, cut, "{text} to {max_bytes}");
        }
    }

    #[test]
    fn one_large_object_loses_its_inner_lists_and_the_ends_of_its_texts() {
        let mut value = json!([{"log": vec!["x".repeat(50); 100], "text": "y".repeat(5000)}]);
        let missing = cut(&mut value, 2000).unwrap();
        assert_eq!(missing, "it shows 1 of 100 items of `[0].log`, and texts end after 1000 bytes");
        assert!(size_of(&value) <= 2000, "{value}");
    }
}
