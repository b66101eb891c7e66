//! What `serde` says of JSON that is not what a type describes, without what it found there.

/// Returns what was expected, and where. The words before it name the value that was found, which is input.
#[must_use]
pub fn without_input(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mismatch_is_told_without_the_value() {
        for (json, expected) in [
            ("\"s3cret\"", "expected u8 at line 1 column 8"),
            ("300", "expected u8 at line 1 column 3"),
            ("\"a, expected b\"", "expected u8 at line 1 column 15"),
            ("", "EOF while parsing a value at line 1 column 0"),
        ] {
            assert_eq!(without_input(&serde_json::from_str::<u8>(json).unwrap_err()), expected, "{json}");
        }
    }
}
