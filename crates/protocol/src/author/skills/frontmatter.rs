//! Reads the frontmatter of a `SKILL.md` as JSON (Skills extension, "Frontmatter"; the fields are those of the Agent Skills
//! specification).
//!
//! Clients read the same lines with a YAML parser and refuse the skill if the result differs. So this parser takes only what
//! every YAML parser reads alike: names with a value on one line, quoted or not, lists of values, and maps of these. Anything
//! else is an error that says how to write it plainly.

use serde_json::Value;
use thiserror::Error;

use mcp_connector_base::json::Object;

/// The members of the frontmatter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Frontmatter(pub(crate) Object);

/// A line that cannot be read, counted from 1.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("line {line}: {fault}")]
pub(crate) struct InvalidFrontmatter {
    line: usize,
    fault: Fault,
}

#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
enum Fault {
    #[error("the file must begin with a line `---`, and another one must end the frontmatter")]
    Fence,
    #[error(
        "expected `name: value`; names hold letters, digits, `_`, `-`, `.` and `/`, and are no other value, such as `yes`"
    )]
    Name,
    #[error("there is a tab or another character that YAML readers treat in different ways")]
    Character,
    #[error("the name is there twice")]
    Repeated,
    #[error("indent with spaces, each level of a map or a list alike")]
    Indentation,
    #[error("there is no value")]
    NoValue,
    #[error("write the value in one line and put it in quotes; YAML readers take it for something else than a text")]
    Quote,
    #[error("the quotes do not close at the end of the line, or hold an escape other than \\\" \\\\ \\n and \\t")]
    Quoted,
}

impl Frontmatter {
    /// Reads the frontmatter of a whole file.
    pub(crate) fn of(file: &str) -> Result<Self, InvalidFrontmatter> {
        let mut lines: Vec<Line<'_>> = Vec::new();
        for (at, text) in file.lines().enumerate() {
            let number = at + 1;
            match (at, text.trim_end_matches(' ')) {
                (0, "---") => {}
                (0, _) => return Err(InvalidFrontmatter { line: 1, fault: Fault::Fence }),
                (_, "---") => return Reader { lines: &lines }.whole().map(Self),
                (_, text) if text.contains(is_odd) => {
                    return Err(InvalidFrontmatter { line: number, fault: Fault::Character });
                }
                (_, text) => {
                    let rest = text.trim_start_matches(' ');
                    if !rest.is_empty() && !rest.starts_with('#') {
                        lines.push(Line { number, indent: text.len() - rest.len(), rest });
                    }
                }
            }
        }
        Err(InvalidFrontmatter { line: file.lines().count().max(1), fault: Fault::Fence })
    }

    /// Returns a member that is a string.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }
}

/// A line that is neither empty nor a comment.
#[derive(Clone, Copy)]
struct Line<'a> {
    number: usize,
    indent: usize,
    /// The text without spaces at both ends.
    rest: &'a str,
}

impl Line<'_> {
    fn wrong(self, fault: Fault) -> InvalidFrontmatter {
        InvalidFrontmatter { line: self.number, fault }
    }

    fn is_item(self) -> bool {
        self.rest == "-" || self.rest.starts_with("- ")
    }
}

/// Reads lines one by one.
struct Reader<'a> {
    lines: &'a [Line<'a>],
}

impl<'a> Reader<'a> {
    fn whole(mut self) -> Result<Object, InvalidFrontmatter> {
        let map = self.map(0)?;
        self.lines.first().map_or(Ok(map), |line| Err(line.wrong(Fault::Indentation)))
    }

    /// Takes the next line if it has this indentation.
    fn next_at(&mut self, indent: usize) -> Option<Line<'a>> {
        let (first, rest) = self.lines.split_first().filter(|(first, _)| first.indent == indent)?;
        self.lines = rest;
        Some(*first)
    }

    fn map(&mut self, indent: usize) -> Result<Object, InvalidFrontmatter> {
        let mut map = Object::new();
        while let Some(line) = self.next_at(indent) {
            let (name, value) = line.rest.split_once(':').ok_or(line.wrong(Fault::Name))?;
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte);
            let starts_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
            if !starts_well
                || !name.bytes().all(is_name)
                || !is_text(name)
                || !(value.is_empty() || value.starts_with(' '))
            {
                return Err(line.wrong(Fault::Name));
            }
            let value = match value.trim_start_matches(' ') {
                "" => self.below(line)?,
                value => one_line(value).map_err(|fault| line.wrong(fault))?,
            };
            if map.insert(name.to_owned(), value).is_some() {
                return Err(line.wrong(Fault::Repeated));
            }
        }
        Ok(map)
    }

    /// Reads the list or the map below a name.
    fn below(&mut self, name: Line<'a>) -> Result<Value, InvalidFrontmatter> {
        let Some(first) = self.lines.first().copied() else { return Err(name.wrong(Fault::NoValue)) };
        // The items of a list may have the indentation of the name.
        if first.is_item() && first.indent >= name.indent {
            let mut items = Vec::new();
            while let Some(line) = self.lines.first().copied().filter(|line| line.is_item())
                && line.indent == first.indent
            {
                self.next_at(first.indent);
                let value = line.rest.trim_start_matches('-').trim_start_matches(' ');
                items.push(scalar(value).map_err(|fault| line.wrong(fault))?);
            }
            return Ok(Value::Array(items));
        }
        if first.indent <= name.indent {
            return Err(name.wrong(Fault::NoValue));
        }
        self.map(first.indent).map(Value::Object)
    }
}

fn one_line(text: &str) -> Result<Value, Fault> {
    let Some(items) = text.strip_prefix('[') else { return scalar(text) };
    let items = items.strip_suffix(']').ok_or(Fault::Quote)?;
    if items.trim_matches(' ').is_empty() {
        return Ok(Value::Array(Vec::new()));
    }
    // A comma in quotes divides too; then the quotes do not close.
    let item = |item: &str| {
        if item.contains(['[', ']', '{', '}', '?']) { Err(Fault::Quote) } else { scalar(item.trim_matches(' ')) }
    };
    items.split(',').map(item).collect::<Result<_, _>>().map(Value::Array)
}

fn scalar(text: &str) -> Result<Value, Fault> {
    if text.starts_with('"') {
        // YAML reads what JSON reads here, except for surrogates.
        let is_plain = !text.contains("\\u") && !text.contains("\\/");
        return serde_json::from_str(text).ok().filter(|_| is_plain).map(Value::String).ok_or(Fault::Quoted);
    }
    if let Some(rest) = text.strip_prefix('\'') {
        let inner = rest.strip_suffix('\'').ok_or(Fault::Quoted)?;
        let is_open = inner.replace("''", "").contains('\'');
        return if is_open { Err(Fault::Quoted) } else { Ok(Value::String(inner.replace("''", "'"))) };
    }
    match text {
        "" => Err(Fault::NoValue),
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        _ => match text.parse::<i32>() {
            Ok(number) if number.to_string() == text => Ok(number.into()),
            _ if is_text(text) => Ok(Value::String(text.to_owned())),
            _ => Err(Fault::Quote),
        },
    }
}

/// Returns whether some parsers take a character for a line break, white space or an error, and others for text.
fn is_odd(char: char) -> bool {
    char.is_control() || matches!(char, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Returns whether every YAML parser reads `text` as a string.
fn is_text(text: &str) -> bool {
    const OTHERS: [&str; 12] = ["null", "~", "yes", "no", "on", "off", "y", "n", "true", "false", "=", "<<"];
    let begins_badly = text.starts_with(|first: char| "-?:,[]{}#&*!|>%@`\"'".contains(first));
    let divides = text.contains(": ") || text.contains(" #") || text.ends_with(':');
    // Numbers and times in all their forms.
    let like_a_number = text.starts_with(|first: char| first.is_ascii_digit() || "+.".contains(first))
        && text.chars().all(|char| char.is_ascii_hexdigit() || "xXoO_:.+-tTzZ inIN".contains(char));
    !begins_badly && !divides && !like_a_number && !OTHERS.iter().any(|other| text.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(lines: &str) -> Result<Value, String> {
        let file = format!("---\n{lines}\n---\nBody: yes\n");
        Frontmatter::of(&file).map(|read| Value::Object(read.0)).map_err(|error| error.to_string())
    }

    #[test]
    fn what_every_reader_reads_alike_is_read() {
        let rows = [
            ("name: a-b", json!({"name": "a-b"})),
            ("license: MIT OR Apache-2.0", json!({"license": "MIT OR Apache-2.0"})),
            ("d: Reads \"quotes\", it's fine; 3 # no", json!(null)),
            ("d: Reads \"quotes\", it's fine: really", json!(null)),
            ("d: Reads \"quotes\", it's fine", json!({"d": "Reads \"quotes\", it's fine"})),
            ("d: https://a.example/b#c", json!({"d": "https://a.example/b#c"})),
            ("d: 3 ways to go", json!({"d": "3 ways to go"})),
            ("d: 'it''s: # 1.0'", json!({"d": "it's: # 1.0"})),
            ("d: \"a\\n\\\"b\\\": c\"", json!({"d": "a\n\"b\": c"})),
            ("d: Grüße – ja\u{a0}", json!({"d": "Grüße – ja\u{a0}"})),
            ("a: true\nb: -3\nc: 0", json!({"a": true, "b": -3, "c": 0})),
            ("# a comment\n\na: b\n  # another", json!({"a": "b"})),
            ("a: [Read, \"Grep\", 'x']\nb: []", json!({"a": ["Read", "Grep", "x"], "b": []})),
            ("a:\n- b\n- c\nd: e", json!({"a": ["b", "c"], "d": "e"})),
            ("a:\n  - b\n  - 2\nd: e", json!({"a": ["b", 2], "d": "e"})),
            (
                "m:\n  v: \"1.0\"\n  l:\n    - x\n  x:\n    o: p\nd: e",
                json!({"m": {"v": "1.0", "l": ["x"], "x": {"o": "p"}}, "d": "e"}),
            ),
            ("metadata:\n  a.example/b: c", json!({"metadata": {"a.example/b": "c"}})),
        ];
        for (lines, expected) in rows {
            assert_eq!(read(lines).unwrap_or_default(), expected, "{lines}");
        }
        let file = "---\r\nname: a\r\ndescription: b\r\n---\r\n";
        assert_eq!(Frontmatter::of(file).unwrap().text("description"), Some("b"));
    }

    #[test]
    fn what_readers_could_read_differently_is_refused() {
        let quote = "put it in quotes";
        let rows = [
            ("v: 1.0", quote),
            ("v: 1e3", quote),
            ("v: 0x1F", quote),
            ("v: 007", quote),
            ("v: 12:30:00", quote),
            ("v: 2026-01-01", quote),
            ("v: 99999999999", quote),
            ("v: .inf", quote),
            ("v: +1", quote),
            ("v: Yes", quote),
            ("v: TRUE", quote),
            ("v: null", quote),
            ("v: ~", quote),
            ("v: a: b", quote),
            ("v: a #b", quote),
            ("v: a:", quote),
            ("v: *a", quote),
            ("v: &a b", quote),
            ("v: !str b", quote),
            ("v: |", quote),
            ("v: >-\n  folded", quote),
            ("v: {a: b}", quote),
            ("v: [a, b", quote),
            ("v: [[a]]", quote),
            ("v: a\tb", "another character"),
            ("v: \"a\tb\"", "another character"),
            ("v: a\u{85}b", "another character"),
            ("v: 'a\u{2028}b'", "another character"),
            ("# \u{feff}", "another character"),
            ("v: [a?]", quote),
            ("v: - a", quote),
            ("v: [a, ]", "no value"),
            ("v: \"a", "quotes"),
            ("v: \"a\" # b", "quotes"),
            ("v: \"\\u0041\"", "quotes"),
            ("v: \"\\x41\"", "quotes"),
            ("v: 'a'b'", "quotes"),
            ("v: ['a, b']", "quotes"),
            ("v:", "no value"),
            ("v:\nw: x", "no value"),
            ("v:\n-", "no value"),
            ("v: a\n  b", "indent"),
            ("v: a\n  b: c", "indent"),
            (" v: a", "indent"),
            ("m:\n  a: b\n c: d", "indent"),
            ("\tv: a", "another character"),
            ("v: a\nv: b", "twice"),
            ("m:\n  a: b\n  a: c", "twice"),
            ("v", "name: value"),
            ("v:a", "name: value"),
            ("\"v\": a", "name: value"),
            ("? v: a", "name: value"),
            ("<<: a", "name: value"),
            ("yes: a", "name: value"),
            ("Null: a", "name: value"),
            ("l:\n  - a\n  b: c", "indent"),
        ];
        for (lines, expected) in rows {
            let error = read(lines).map_or_else(|error| error, |value| format!("was read as {value}"));
            assert!(error.contains(expected), "{lines}: {error}");
        }
        assert_eq!(read("a: b\nc: d\ne: ~").unwrap_err().split(':').next(), Some("line 4"));
    }

    #[test]
    fn a_file_begins_with_its_frontmatter() {
        for file in ["", "# Title", "\n---\na: b\n---\n", "---\na: b\n", "---", "--- \na: b\n----\n"] {
            let error = Frontmatter::of(file).unwrap_err();
            assert_eq!(error.fault, Fault::Fence, "{file}");
        }
    }
}
