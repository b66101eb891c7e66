//! Long texts as strings of JSON. `serde_json` looks for what has to be escaped byte by byte, which was a fifth of the time of a call
//! with a text of 100 KB. Here, eight bytes are looked at together.

use serde::Serializer;
use serde::ser::SerializeStruct as _;

/// Texts from this length on are written here, in bytes. For a shorter one, the buffer would cost more than it saves.
const LONG: usize = 1024;

/// The name by which `serde_json` knows a text that is JSON already (its `RawValue`). That type's constructor would read the text once
/// more.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// Serializes a text as a string of JSON.
pub(crate) fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if text.len() < LONG {
        return serializer.serialize_str(text);
    }
    let mut raw = serializer.serialize_struct(RAW_VALUE, 1)?;
    raw.serialize_field(RAW_VALUE, &to_json(text))?;
    raw.end()
}

/// Returns the text as a string of JSON, as `serde_json` writes it.
fn to_json(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + text.len() / 16 + 2);
    json.push('"');
    let mut rest = text;
    // What is escaped is one byte long, so the text can be cut around it.
    while let Some((plain, escaped, after)) = first_escaped(rest) {
        json.push_str(plain);
        escape(escaped, &mut json);
        rest = after;
    }
    json.push_str(rest);
    json.push('"');
    json
}

/// Returns the first byte that has to be escaped, and the text before and after it.
fn first_escaped(text: &str) -> Option<(&str, u8, &str)> {
    let at = position_of_escaped(text.as_bytes())?;
    Some((text.get(..at)?, *text.as_bytes().get(at)?, text.get(at + 1..)?))
}

fn position_of_escaped(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let found = escaped_in(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(number * 8 + usize::try_from(found.trailing_zeros() / 8).ok()?);
        }
    }
    let at = rest.iter().position(|byte| matches!(byte, 0..=0x1f | b'"' | b'\\'))?;
    Some(words.len() * 8 + at)
}

/// Returns a word whose lowest bit that is set is in the first byte of `word` that has to be escaped.
const fn escaped_in(word: u64) -> u64 {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    // A byte below the one that is subtracted borrows, which sets its highest bit. Bytes after it may be wrong, those before are not.
    let control = word.wrapping_sub(EACH * 0x20);
    let quote = (word ^ (EACH * b'"' as u64)).wrapping_sub(EACH);
    let backslash = (word ^ (EACH * b'\\' as u64)).wrapping_sub(EACH);
    (control | quote | backslash) & !word & (EACH * 0x80)
}

fn escape(byte: u8, json: &mut String) {
    let short = match byte {
        b'"' => "\\\"",
        b'\\' => "\\\\",
        b'\n' => "\\n",
        b'\r' => "\\r",
        b'\t' => "\\t",
        0x08 => "\\b",
        0x0c => "\\f",
        _ => {
            json.push_str("\\u00");
            json.extend([byte >> 4, byte & 15].iter().filter_map(|digit| char::from_digit(u32::from(*digit), 16)));
            return;
        }
    };
    json.push_str(short);
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    struct Text<'a>(#[serde(serialize_with = "serialize")] &'a str);

    #[test]
    fn every_character_is_written_as_serde_json_writes_it_wherever_it_is() {
        for character in (0..=0x17f).filter_map(char::from_u32).chain(['\u{2028}', '😀']) {
            for before in 0..16 {
                let text = format!("{}{character}{character}x", "é".repeat(before));
                assert_eq!(to_json(&text), serde_json::to_string(&text).unwrap());
                let text = format!("{}{character}", "a".repeat(before));
                assert_eq!(to_json(&text), serde_json::to_string(&text).unwrap());
            }
        }
    }

    #[test]
    fn a_long_text_is_a_string_like_a_short_one() {
        for length in [0, LONG - 1, LONG, LONG * 3] {
            let text = "a \"quoted\" line\n".repeat(length / 16 + 1);
            let text = &text[..length];
            assert_eq!(serde_json::to_string(&Text(text)).unwrap(), serde_json::to_string(text).unwrap(), "{length}");
            assert_eq!(serde_json::to_value(Text(text)).unwrap(), text, "{length}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_written_as_serde_json_writes_it(text: String) {
            proptest::prop_assert_eq!(to_json(&text), serde_json::to_string(&text).unwrap());
        }
    }
}
