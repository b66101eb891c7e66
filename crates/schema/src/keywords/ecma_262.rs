//! Translates regular expressions of ECMA-262 into the syntax of the crate `regex`.
//!
//! JSON Schema patterns are ECMA-262 with the `u` flag (Core §6.4). The two languages agree on groups, alternatives and quantifiers.
//! They differ in:
//!
//! | ECMA-262 (§22.2.1) | `regex` |
//! | --- | --- |
//! | `\d`, `\w` and `\b` are ASCII | Unicode, so they are written out |
//! | `\s` includes U+FEFF, `.` excludes four line terminators | other sets, so they are written out |
//! | `\cX`, `\0`, `\/`, surrogate pairs in `\u` | a literal character |
//! | `[` , `&&`, `--` and `~~` are literal in a class | nested classes and set operations, so they are escaped |
//! | `[]` matches nothing, `[^]` anything | written out |
//! | look-around, back-references | refused |
//! | nothing else after `\` or `(?` | flags, `\A`, `\z` and more, all refused |

use std::iter::Peekable;
use std::str::Chars;

use crate::keywords::invalid_pattern::InvalidPattern;

const DIGIT: &str = "[0-9]";
const NOT_DIGIT: &str = "[^0-9]";
const WORD: &str = "[0-9A-Za-z_]";
const NOT_WORD: &str = "[^0-9A-Za-z_]";
/// `WhiteSpace` and `LineTerminator` (§12.2, §12.3).
const SPACE: &str = r"[\t-\r \u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}]";
const NOT_SPACE: &str = r"[^\t-\r \u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}]";
/// Everything but a `LineTerminator` (§12.3).
const DOT: &str = r"[^\n\r\u{2028}\u{2029}]";
const ANYTHING: &str = r"[\u{0}-\u{10ffff}]";
const NOTHING: &str = r"[^\u{0}-\u{10ffff}]";

/// Translates a pattern. Mistakes in the structure of groups are left to the parser of `regex`.
pub(crate) fn to_rust_syntax(pattern: &str) -> Result<String, InvalidPattern> {
    let mut translator = Translator { rest: pattern.chars().peekable(), output: String::with_capacity(pattern.len()) };
    translator.pattern()?;
    Ok(translator.output)
}

struct Translator<'p> {
    rest: Peekable<Chars<'p>>,
    output: String,
}

/// The meaning of an escape.
enum Escaped {
    Char(char),
    /// A class of `regex`.
    Class(String),
}

impl Translator<'_> {
    fn pattern(&mut self) -> Result<(), InvalidPattern> {
        let mut repeatable = false;
        while let Some(char) = self.rest.next() {
            repeatable = match char {
                '\\' => self.escape()?,
                '[' => {
                    self.class()?;
                    true
                }
                '(' => {
                    self.group()?;
                    false
                }
                '*' | '+' | '?' | '{' if !repeatable => return Err(InvalidPattern::NothingToRepeat),
                '*' | '+' | '?' | '{' => {
                    self.quantifier(char)?;
                    false
                }
                '}' | ']' => return Err(InvalidPattern::NeedsEscape),
                '|' | '^' | '$' => {
                    self.output.push(char);
                    false
                }
                ')' => {
                    self.output.push(char);
                    true
                }
                '.' => {
                    self.output.push_str(DOT);
                    true
                }
                _ => {
                    self.literal(char);
                    true
                }
            };
        }
        Ok(())
    }

    fn eat(&mut self, char: char) -> bool {
        self.rest.next_if_eq(&char).is_some()
    }

    fn literal(&mut self, char: char) {
        if regex_syntax::is_meta_character(char) {
            self.output.push('\\');
        }
        self.output.push(char);
    }

    /// Translates `(` and what follows it up to the content of the group. Captures are not used, so no group captures.
    fn group(&mut self) -> Result<(), InvalidPattern> {
        self.output.push_str("(?:");
        if !self.eat('?') {
            return Ok(());
        }
        match self.rest.next() {
            Some(':') => Ok(()),
            Some('<') if !matches!(self.rest.peek(), Some('=' | '!')) => self.group_name(),
            Some('<' | '=' | '!') => Err(InvalidPattern::LookAround),
            Some(_) => Err(InvalidPattern::Group),
            None => Err(InvalidPattern::Incomplete),
        }
    }

    fn group_name(&mut self) -> Result<(), InvalidPattern> {
        let mut name = String::new();
        loop {
            match self.rest.next() {
                Some('>') if !name.is_empty() => return Ok(()),
                Some(char) if char.is_alphanumeric() || matches!(char, '_' | '$') => name.push(char),
                Some(_) => return Err(InvalidPattern::Group),
                None => return Err(InvalidPattern::Incomplete),
            }
        }
    }

    fn quantifier(&mut self, first: char) -> Result<(), InvalidPattern> {
        self.output.push(first);
        if first == '{' {
            self.digits()?;
            if self.eat(',') {
                self.output.push(',');
                if self.rest.peek() != Some(&'}') {
                    self.digits()?;
                }
            }
            if !self.eat('}') {
                return Err(InvalidPattern::NeedsEscape);
            }
            self.output.push('}');
        }
        if self.eat('?') {
            self.output.push('?');
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), InvalidPattern> {
        let mut any = false;
        while let Some(digit) = self.rest.next_if(char::is_ascii_digit) {
            self.output.push(digit);
            any = true;
        }
        if any { Ok(()) } else { Err(InvalidPattern::NeedsEscape) }
    }

    /// Translates an escape outside of a class. Returns whether a quantifier may follow.
    fn escape(&mut self) -> Result<bool, InvalidPattern> {
        match self.rest.peek() {
            Some('b') => self.output.push_str(r"(?-u:\b)"),
            Some('B') => self.output.push_str(r"(?-u:\B)"),
            Some('1'..='9' | 'k') => return Err(InvalidPattern::LookAround),
            _ => {
                match self.class_escape()? {
                    Escaped::Char(char) => self.literal(char),
                    Escaped::Class(class) => self.output.push_str(&class),
                }
                return Ok(true);
            }
        }
        self.rest.next();
        Ok(false)
    }

    /// Translates what follows `[`.
    fn class(&mut self) -> Result<(), InvalidPattern> {
        let negated = self.eat('^');
        if self.eat(']') {
            self.output.push_str(if negated { ANYTHING } else { NOTHING });
            return Ok(());
        }
        self.output.push_str(if negated { "[^" } else { "[" });
        while !self.eat(']') {
            let low = self.class_atom()?;
            // A hyphen at the end stands for itself.
            let is_range = self.rest.peek() == Some(&'-') && self.rest.clone().nth(1) != Some(']');
            match low {
                Escaped::Char(low) if is_range => {
                    self.rest.next();
                    match self.class_atom()? {
                        Escaped::Char(high) if low <= high => {
                            self.literal(low);
                            self.output.push('-');
                            self.literal(high);
                        }
                        Escaped::Char(_) | Escaped::Class(_) => return Err(InvalidPattern::Range),
                    }
                }
                Escaped::Class(_) if is_range => return Err(InvalidPattern::Range),
                Escaped::Char(char) => self.literal(char),
                Escaped::Class(class) => self.output.push_str(&class),
            }
        }
        self.output.push(']');
        Ok(())
    }

    fn class_atom(&mut self) -> Result<Escaped, InvalidPattern> {
        match self.rest.next().ok_or(InvalidPattern::Incomplete)? {
            // In a class this is the backspace.
            '\\' if self.eat('b') => Ok(Escaped::Char('\u{8}')),
            '\\' => self.class_escape(),
            char => Ok(Escaped::Char(char)),
        }
    }

    /// Reads what follows a backslash, where it means the same inside and outside of a class.
    fn class_escape(&mut self) -> Result<Escaped, InvalidPattern> {
        let class = |class: &str| Ok(Escaped::Class(class.to_owned()));
        let char = match self.rest.next().ok_or(InvalidPattern::Incomplete)? {
            'd' => return class(DIGIT),
            'D' => return class(NOT_DIGIT),
            'w' => return class(WORD),
            'W' => return class(NOT_WORD),
            's' => return class(SPACE),
            'S' => return class(NOT_SPACE),
            letter @ ('p' | 'P') => return Ok(Escaped::Class(format!(r"\{letter}{{{}}}", self.property()?))),
            't' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            '0' if !self.rest.peek().is_some_and(char::is_ascii_digit) => '\0',
            'c' => {
                let letter = self.rest.next().filter(char::is_ascii_alphabetic).ok_or(InvalidPattern::Escape)?;
                char::from_u32(u32::from(letter) & 0x1f).ok_or(InvalidPattern::Escape)?
            }
            'x' => char::from_u32(self.hexadecimal(2)?).ok_or(InvalidPattern::Escape)?,
            'u' => char::from_u32(self.code_point()?).ok_or(InvalidPattern::Escape)?,
            // ECMA-262 has fewer of these with the `u` flag. A needless backslash is a harmless habit.
            punctuation if punctuation.is_ascii_punctuation() && punctuation != '_' => punctuation,
            _ => return Err(InvalidPattern::Escape),
        };
        Ok(Escaped::Char(char))
    }

    /// Reads the name of a Unicode property: `{L}`, `{Script=Greek}`. Whether it exists is left to `regex`.
    fn property(&mut self) -> Result<String, InvalidPattern> {
        let mut name = String::new();
        if !self.eat('{') {
            return Err(InvalidPattern::Escape);
        }
        while !self.eat('}') {
            let is_in_name = |char: &char| char.is_ascii_alphanumeric() || matches!(char, '_' | '=');
            name.push(self.rest.next().filter(is_in_name).ok_or(InvalidPattern::Escape)?);
        }
        Ok(name)
    }

    fn hexadecimal(&mut self, digits: usize) -> Result<u32, InvalidPattern> {
        let mut code = 0;
        for _ in 0..digits {
            let digit = self.rest.next().and_then(|char| char.to_digit(16)).ok_or(InvalidPattern::Escape)?;
            code = code << 4 | digit;
        }
        Ok(code)
    }

    /// Reads `{H…}`, `HHHH`, or two of the latter that are the surrogates of one character, as JSON writes it.
    fn code_point(&mut self) -> Result<u32, InvalidPattern> {
        if self.eat('{') {
            let mut digits = String::new();
            while !self.eat('}') {
                digits.push(self.rest.next().filter(char::is_ascii_hexdigit).ok_or(InvalidPattern::Escape)?);
            }
            return u32::from_str_radix(&digits, 16).map_err(|_| InvalidPattern::Escape);
        }
        let high = self.hexadecimal(4)?;
        if !(0xd800..0xdc00).contains(&high) {
            return Ok(high);
        }
        if !(self.eat('\\') && self.eat('u')) {
            return Err(InvalidPattern::Escape);
        }
        let low = self.hexadecimal(4)?;
        if !(0xdc00..0xe000).contains(&low) {
            return Err(InvalidPattern::Escape);
        }
        Ok(0x1_0000 + ((high & 0x3ff) << 10 | low & 0x3ff))
    }
}
