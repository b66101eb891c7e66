//! The name of a file: as a sender gives it, as it is kept, and as a download carries it (RFC 6266, RFC 8187).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Longest name, in characters.
const MAX_NAME: usize = 150;

/// Returns the name of a file without a folder and without characters that a file system or a terminal takes for something else.
/// None if nothing is left.
pub(crate) fn file_name(sent: &str) -> Option<String> {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|character| !is_removed(*character)).take(MAX_NAME).collect();
    let kept = kept.trim().trim_start_matches('.').trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// Controls, what changes the direction of the text around it, and what file systems reserve.
fn is_removed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(character, '"' | '*' | ':' | '<' | '>' | '?' | '|')
}

/// Returns the name in the header `Content-Disposition` of an upload; the extended form counts before the plain one.
pub(crate) fn name_in(header: &str) -> Option<String> {
    let mut plain = None;
    for (name, value) in Parameters(header.split_once(';')?.1) {
        if name.eq_ignore_ascii_case("filename*") {
            let encoded = value.get(.."utf-8''".len()).filter(|start| start.eq_ignore_ascii_case("utf-8''"));
            let decoded = encoded.and_then(|start| decode(value.get(start.len()..).unwrap_or_default()));
            if let Some(name) = decoded.as_deref().and_then(file_name) {
                return Some(name);
            }
        } else if name.eq_ignore_ascii_case("filename") {
            plain = plain.or_else(|| file_name(&value));
        }
    }
    plain
}

/// The parameters of a header, with quoted values read (RFC 9110 §5.6.6).
struct Parameters<'a>(&'a str);

impl<'a> Iterator for Parameters<'a> {
    type Item = (&'a str, String);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, rest) = self.0.split_once('=')?;
        let name = name.trim_matches([' ', '\t', ';']);
        let Some(quoted) = rest.trim_start().strip_prefix('"') else {
            let (value, rest) = rest.split_once(';').unwrap_or((rest, ""));
            self.0 = rest;
            return Some((name, value.trim().to_owned()));
        };
        let mut value = String::new();
        let mut characters = quoted.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.0 = quoted.get(at + 1..).unwrap_or_default();
                    return Some((name, value));
                }
                '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                _ => value.push(character),
            }
        }
        // The quote is never closed.
        self.0 = "";
        None
    }
}

/// Returns the header that makes a browser save a file under its name and never show it.
pub(crate) fn attachment(name: Option<&str>) -> String {
    let Some(name) = name else { return "attachment".to_owned() };
    let plain: String = name.chars().map(|character| if is_plain(character) { character } else { '_' }).collect();
    if plain == name {
        return format!("attachment; filename=\"{plain}\"");
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", encode(name))
}

/// Whether a character means the same to everybody in a quoted value.
fn is_plain(character: char) -> bool {
    matches!(character, ' '..='~') && !matches!(character, '"' | '\\' | '%')
}

/// The characters that are not encoded: letters, digits and those of `attr-char` (RFC 8187 §3.2.1).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// Encodes a text as bytes of ASCII.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Decodes what [`encode`] has encoded.
pub(crate) fn decode(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_has_no_folder_and_nothing_that_a_terminal_or_a_file_system_reads() {
        for (sent, kept) in [
            ("report.csv", Some("report.csv")),
            ("C:\\Users\\Ada\\report.csv", Some("report.csv")),
            ("../../etc/passwd", Some("passwd")),
            ("..", None),
            (".htaccess", Some("htaccess")),
            ("a\r\nX-Evil: 1", Some("aX-Evil 1")),
            ("\"quoted\".csv", Some("quoted.csv")),
            ("photo\u{202e}gpj.exe", Some("photogpj.exe")),
            ("Übersicht 2026.csv", Some("Übersicht 2026.csv")),
            ("  ", None),
            ("", None),
        ] {
            assert_eq!(file_name(sent).as_deref(), kept, "{sent:?}");
        }
        assert_eq!(file_name(&"ä".repeat(500)).map(|name| name.chars().count()), Some(MAX_NAME));
    }

    #[test]
    fn the_name_of_an_upload_is_read_in_both_forms() {
        for (header, name) in [
            ("attachment; filename=a.csv", Some("a.csv")),
            ("form-data; name=\"file\"; filename=\"a; b.csv\"", Some("a; b.csv")),
            ("attachment; filename=\"a\\\"b.csv\"; filename*=UTF-8''%C3%BC.csv", Some("ü.csv")),
            ("attachment; filename*=utf-8''%C3.csv; filename=b.csv", Some("b.csv")),
            ("attachment; filename*=latin1''b.csv", None),
            ("attachment; filename=\"never closed", None),
            ("attachment", None),
            ("", None),
        ] {
            assert_eq!(name_in(header).as_deref(), name, "{header:?}");
        }
    }

    #[test]
    fn a_download_carries_its_name_in_ascii_and_in_full() {
        assert_eq!(attachment(None), "attachment");
        assert_eq!(attachment(Some("a b.csv")), "attachment; filename=\"a b.csv\"");
        assert_eq!(
            attachment(Some("ü 100%.csv")),
            "attachment; filename=\"_ 100_.csv\"; filename*=UTF-8''%C3%BC%20100%25.csv"
        );
    }

    proptest! {
        #[test]
        fn any_name_makes_one_header_that_is_read_back(sent in "\\PC{0,40}|.{0,40}") {
            let name = file_name(&sent);
            let header = attachment(name.as_deref());
            prop_assert!(header.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{header}");
            prop_assert_eq!(name_in(&header), name);
        }

        #[test]
        fn any_header_is_read_without_a_panic(header in "\\PC{0,80}|[a-z;=\"\\\\*%' ]{0,80}") {
            let _ = name_in(&header);
            let _ = decode(&header);
        }
    }
}
