//! Fills in the path of an operation ("Path Templating", OpenAPI 3.1 §4.4).

use thiserror::Error;

use super::parameters::encoded;

/// Why a path cannot be filled in. The text reaches the model, and does not repeat the value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum InvalidPath {
    #[error("`{0}` is empty. Send a value: it is a part of the address.")]
    Empty(String),
    #[error("`{0}` must not be `.` or `..`: it is a part of the address.")]
    Dots(String),
    #[error("The path of this operation names `{0}`, which has no value.")]
    Missing(String),
}

/// Returns the path with the values of its parameters. No value reaches beyond its segment: `/` is encoded, and a segment of dots,
/// which would lead to another operation, is refused.
pub(super) fn filled(template: &str, values: &[(&str, String)]) -> Result<String, InvalidPath> {
    let mut segments = Vec::new();
    // The query of a template, such as `?comp=list`, is no path.
    let (path, query) = template.split_once('?').map_or((template, None), |(path, query)| (path, Some(query)));
    for segment in path.split('/') {
        let mut rest = segment;
        let mut text = String::new();
        let mut last = None;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else { break };
            let value = values.iter().find(|(known, _)| *known == name);
            let (_, value) = value.ok_or_else(|| InvalidPath::Missing(name.to_owned()))?;
            if value.is_empty() {
                return Err(InvalidPath::Empty(name.to_owned()));
            }
            text.push_str(before);
            text.push_str(&encoded(value));
            last = Some(name);
            rest = after;
        }
        text.push_str(rest);
        if let Some(name) = last.filter(|_| text == "." || text == "..") {
            return Err(InvalidPath::Dots(name.to_owned()));
        }
        segments.push(text);
    }
    let path = segments.join("/");
    Ok(query.map_or_else(|| path.clone(), |query| format!("{path}?{query}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(template: &str, value: &str) -> Result<String, InvalidPath> {
        filled(template, &[("id", value.to_owned())])
    }

    #[test]
    fn a_value_stays_in_its_segment() {
        for (template, value, path) in [
            ("/pets/{id}", "a/../b?c#d", "/pets/a%2F..%2Fb%3Fc%23d"),
            ("/pets/{id}/photos", "ö %", "/pets/%C3%B6%20%25/photos"),
            ("/pets/{id}.json", "..", "/pets/...json"),
            ("/pets({id})?comp=list", "7", "/pets(7)?comp=list"),
        ] {
            assert_eq!(fill(template, value).unwrap(), path);
        }
        assert_eq!(fill("/pets/{id}", ".."), Err(InvalidPath::Dots("id".to_owned())));
        assert_eq!(fill("/pets/.{id}", "."), Err(InvalidPath::Dots("id".to_owned())));
        assert_eq!(fill("/pets/{id}", ""), Err(InvalidPath::Empty("id".to_owned())));
        assert_eq!(fill("/pets/{pet}", "7"), Err(InvalidPath::Missing("pet".to_owned())));
    }
}
