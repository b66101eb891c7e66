//! Choices among fixed strings, as the variants of a Rust enum make them.

use serde_json::Value;

use mcp_connector_base::json::Object;

/// Replaces choices that are all fixed strings by one `enum`. The variants of a Rust enum with doc comments are such choices.
pub(crate) fn join_choices(keywords: &mut Object) {
    for keyword in ["anyOf", "oneOf"] {
        let Some(Value::Array(choices)) = keywords.get(keyword) else { continue };
        let Some(joined) = joined(choices) else { continue };
        keywords.remove(keyword);
        add(keywords, joined);
    }
}

/// Adds further keywords, with their description. A keyword that is there already stays.
pub(crate) fn add(keywords: &mut Object, others: Object) {
    add_description(keywords, description(&others));
    for (name, value) in others {
        keywords.entry(name).or_insert(value);
    }
}

/// Adds a line to the description.
pub(crate) fn add_description(keywords: &mut Object, text: &str) {
    let own = description(keywords);
    if text.is_empty() || own == text {
        return;
    }
    let text = if own.is_empty() { text.to_owned() } else { format!("{own}\n{text}") };
    keywords.insert("description".to_owned(), text.into());
}

/// Returns one schema for `choices` that are all fixed strings, with their descriptions, or `None` if they are not.
pub(crate) fn joined(choices: &[Value]) -> Option<Object> {
    let (mut values, mut descriptions) = (Vec::<Value>::new(), Vec::new());
    for choice in choices {
        let choice = choice.as_object()?;
        let is_plain =
            |keyword: &String| matches!(keyword.as_str(), "type" | "const" | "enum" | "description" | "title");
        if choice.get("type").is_some_and(|kind| kind != "string") || !choice.keys().all(is_plain) {
            return None;
        }
        let own = match (choice.get("const"), choice.get("enum")) {
            (Some(only), None) => std::slice::from_ref(only),
            (None, Some(Value::Array(several))) => several,
            _ => return None,
        };
        if !own.iter().all(Value::is_string) {
            return None;
        }
        let text = description(choice);
        let names: Vec<_> = own.iter().filter_map(Value::as_str).map(|name| format!("`{name}`")).collect();
        if !text.is_empty() {
            // The description names its value already.
            descriptions.push(if text.starts_with('`') {
                text.to_owned()
            } else {
                format!("{}: {text}", names.join(", "))
            });
        }
        for value in own {
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
    }
    if values.is_empty() {
        return None;
    }
    let mut joined = Object::new();
    joined.insert("type".to_owned(), "string".into());
    joined.insert("enum".to_owned(), values.into());
    if !descriptions.is_empty() {
        joined.insert("description".to_owned(), descriptions.join("\n").into());
    }
    Some(joined)
}

/// Returns the description, or an empty text.
pub(crate) fn description(keywords: &Object) -> &str {
    keywords.get("description").and_then(Value::as_str).unwrap_or_default()
}
