//! Parts of messages. A message quotes the schema. Of the value it shows only names of properties, shortened and cleaned.

use std::fmt::Write as _;

use serde_json::Value;

/// The longest property name that is shown, in characters.
const MAX_NAME: usize = 64;
/// How many values or names a list shows.
const MAX_LISTED: usize = 24;
/// The longest value of a schema that is shown, in characters.
const MAX_LITERAL: usize = 80;

/// Returns a name from outside, shortened, without characters that could end the quotation.
pub(crate) fn shown_name(name: &str) -> String {
    let clean = |char: char| {
        let harmless = char.is_alphanumeric() || char == ' ' || char.is_ascii_punctuation();
        if harmless && !matches!(char, '`' | '"' | '\\') { char } else { '\u{fffd}' }
    };
    shortened(name.chars().map(clean), MAX_NAME)
}

/// Returns a value of a schema as JSON, shortened.
pub(crate) fn literal(value: &Value) -> String {
    shortened(value.to_string().chars(), MAX_LITERAL)
}

fn shortened(mut chars: impl Iterator<Item = char>, length: usize) -> String {
    let mut text: String = chars.by_ref().take(length).collect();
    if chars.next().is_some() {
        text.push('…');
    }
    text
}

/// Returns `a, b, c`, or `a, b and 7 more` for a long list.
pub(crate) fn listed(items: impl IntoIterator<Item = String>) -> String {
    let mut items = items.into_iter();
    let mut list = items.by_ref().take(MAX_LISTED).collect::<Vec<_>>().join(", ");
    let left = items.count();
    if left > 0 {
        let _ = write!(list, " and {left} more");
    }
    list
}

/// Returns `1 item` or `2 items`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
