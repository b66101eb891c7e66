//! Regular expressions as JSON Schema has them: the syntax of ECMA-262 with the `u` flag, unanchored (Core 2020-12 §6.4).
//!
//! `regex-lite` does the matching, in time linear in the string whatever the pattern, so a stranger's string cannot make an
//! author's pattern explode. Its own syntax differs from ECMA-262 in what `.`, `\s` or `\cA` mean, so a pattern is read
//! here and written anew. What no linear matcher has (look-around, back-references) is refused when a schema is compiled.
//! The `regress` crate would have them, but backtracks and takes 132 KB of gzip, five times as much.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

use regex_lite::{Regex, RegexBuilder};
use thiserror::Error;

use super::budget::{Budget, Exhausted};
use super::unicode::CharSet;

/// How deep groups may nest.
const MAX_GROUPS: u32 = 24;
/// How many states a pattern may have: a character is one, `{100}` a hundred times what it repeats.
const MAX_STATES: u32 = 4_096;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    source: String,
    regex: Regex,
    states: u32,
}

/// Why a pattern cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum InvalidPattern {
    #[error("it ends too early")]
    Incomplete,
    #[error("a `)` closes nothing")]
    Unbalanced,
    #[error("a quantifier has nothing to repeat")]
    NothingToRepeat,
    #[error("`{{`, `}}` and `]` need a backslash where they stand for themselves")]
    NeedsEscape,
    #[error("the bounds of a range or a quantifier are in the wrong order")]
    Order,
    #[error("an escape means nothing")]
    Escape,
    #[error("a Unicode property is not one of Any, ASCII, L, Lu, N, Cc, Alphabetic, Uppercase, Lowercase, White_Space")]
    Property,
    #[error("look-around and back-references are not supported")]
    LookAround,
    #[error("this kind of group is not supported")]
    Group,
    #[error("it is too large; `minLength` and `maxLength` bound a string without any cost")]
    TooLarge,
}

impl Pattern {
    /// Reads a pattern of ECMA-262.
    pub(super) fn compile(source: &str) -> Result<Self, InvalidPattern> {
        let mut translation = Translation { rest: source.chars().peekable(), regex: String::new(), groups: 0 };
        let states = translation.disjunction()?;
        if translation.rest.next().is_some() {
            return Err(InvalidPattern::Unbalanced);
        }
        let regex =
            RegexBuilder::new(&translation.regex).nest_limit(250).build().map_err(|_| InvalidPattern::TooLarge)?;
        Ok(Self { source: source.to_owned(), regex, states })
    }

    /// As its author wrote it.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Whether the pattern matches somewhere in the text.
    pub(super) fn is_match(&self, text: &str, budget: &mut Budget) -> Result<bool, Exhausted> {
        // The matcher takes at most a visit of each state for each character; 64 of them are a step.
        let states = usize::try_from(self.states).unwrap_or(usize::MAX);
        budget.spend(text.len().saturating_mul(states.saturating_add(32)) >> 6)?;
        Ok(self.regex.is_match(text))
    }
}

/// Reads ECMA-262 and writes `regex-lite`, in one pass. Each production gives the number of its states.
struct Translation<'p> {
    rest: Peekable<Chars<'p>>,
    regex: String,
    groups: u32,
}

type States = Result<u32, InvalidPattern>;

impl Translation<'_> {
    fn disjunction(&mut self) -> States {
        let mut states = self.alternative()?;
        while self.rest.next_if_eq(&'|').is_some() {
            self.regex.push('|');
            states = limited(states, self.alternative()?, 1)?;
        }
        Ok(states)
    }

    fn alternative(&mut self) -> States {
        let mut states = 0;
        while let Some(char) = self.rest.next_if(|char| !matches!(char, '|' | ')')) {
            states = limited(states, self.term(char)?, 0)?;
        }
        Ok(states)
    }

    fn term(&mut self, first: char) -> States {
        let start = self.regex.len();
        let states = match first {
            '^' | '$' => {
                self.regex.push(first);
                return self.after_assertion();
            }
            '\\' => {
                if let Some(boundary) = self.rest.next_if(|char| matches!(char, 'b' | 'B')) {
                    self.regex.push('\\');
                    self.regex.push(boundary);
                    return self.after_assertion();
                }
                self.escape()?.write(&mut self.regex);
                1
            }
            '(' => self.group()?,
            '[' => {
                self.class()?.write(&mut self.regex);
                1
            }
            '.' => {
                CharSet::line_terminators().complement().write(&mut self.regex);
                1
            }
            '*' | '+' | '?' => return Err(InvalidPattern::NothingToRepeat),
            '{' | '}' | ']' => return Err(InvalidPattern::NeedsEscape),
            char => {
                CharSet::of(char).write(&mut self.regex);
                1
            }
        };
        self.quantifier(start, states)
    }

    fn after_assertion(&mut self) -> States {
        match self.rest.peek() {
            Some('*' | '+' | '?' | '{') => Err(InvalidPattern::NothingToRepeat),
            _ => Ok(1),
        }
    }

    /// A quantifier behind what was written since `start`. Whether it is lazy makes no difference to whether it matches.
    fn quantifier(&mut self, start: usize, states: u32) -> States {
        let states = match self.rest.next_if(|char| matches!(char, '*' | '+' | '?' | '{')) {
            None => return Ok(states),
            Some('{') => {
                let (min, max) = self.bounds()?;
                let times = max.unwrap_or_else(|| min.saturating_add(1)).max(1);
                let repeated = states.max(1).checked_mul(times).ok_or(InvalidPattern::TooLarge)?;
                let repeated = limited(repeated, times, 0)?;
                // `{0}` matches the empty string, which `regex-lite` has no quantifier for.
                if max == Some(0) {
                    self.regex.truncate(start);
                    self.regex.push_str("(?:)");
                } else {
                    let max = max.map_or_else(String::new, |max| max.to_string());
                    let _ = write!(self.regex, "{{{min},{max}}}");
                }
                repeated
            }
            Some(sign) => {
                self.regex.push(sign);
                limited(states, 1, 0)?
            }
        };
        self.rest.next_if_eq(&'?');
        match self.rest.peek() {
            Some('*' | '+' | '?' | '{') => Err(InvalidPattern::NothingToRepeat),
            _ => Ok(states),
        }
    }

    fn bounds(&mut self) -> Result<(u32, Option<u32>), InvalidPattern> {
        let min = self.number().ok_or(InvalidPattern::NeedsEscape)?;
        let max = if self.rest.next_if_eq(&',').is_none() {
            Some(min)
        } else if self.rest.peek() == Some(&'}') {
            None
        } else {
            Some(self.number().ok_or(InvalidPattern::NeedsEscape)?)
        };
        if self.rest.next() != Some('}') {
            return Err(InvalidPattern::NeedsEscape);
        }
        if max.is_some_and(|max| max < min) {
            return Err(InvalidPattern::Order);
        }
        Ok((min, max))
    }

    /// A decimal number; one too large to be of use becomes the largest.
    fn number(&mut self) -> Option<u32> {
        let mut number: Option<u32> = None;
        while let Some(digit) = self.rest.peek().and_then(|char| char.to_digit(10)) {
            self.rest.next();
            number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit));
        }
        number
    }

    fn group(&mut self) -> States {
        if self.rest.next_if_eq(&'?').is_some() {
            match self.rest.next() {
                Some(':') => {}
                Some('<') => match self.rest.peek() {
                    Some('=' | '!') => return Err(InvalidPattern::LookAround),
                    _ => self.group_name()?,
                },
                Some('=' | '!') => return Err(InvalidPattern::LookAround),
                Some(_) => return Err(InvalidPattern::Group),
                None => return Err(InvalidPattern::Incomplete),
            }
        }
        self.groups = self.groups.saturating_add(1);
        if self.groups > MAX_GROUPS {
            return Err(InvalidPattern::TooLarge);
        }
        // Nothing asks what a group has matched, so none captures.
        self.regex.push_str("(?:");
        let states = self.disjunction()?;
        if self.rest.next() != Some(')') {
            return Err(InvalidPattern::Incomplete);
        }
        self.regex.push(')');
        self.groups = self.groups.saturating_sub(1);
        Ok(states)
    }

    fn group_name(&mut self) -> Result<(), InvalidPattern> {
        let mut length = 0_u32;
        loop {
            match self.rest.next() {
                Some('>') if length > 0 => return Ok(()),
                Some(char) if char.is_alphanumeric() || matches!(char, '_' | '$') => length = length.saturating_add(1),
                Some(_) => return Err(InvalidPattern::Group),
                None => return Err(InvalidPattern::Incomplete),
            }
        }
    }

    /// What follows a backslash outside of a class.
    fn escape(&mut self) -> Result<CharSet, InvalidPattern> {
        match self.rest.peek() {
            Some('1'..='9' | 'k') => Err(InvalidPattern::LookAround),
            _ => self.class_escape(),
        }
    }

    /// What follows a backslash inside of a class, or outside where it is no reference.
    fn class_escape(&mut self) -> Result<CharSet, InvalidPattern> {
        let escaped = self.rest.next().ok_or(InvalidPattern::Incomplete)?;
        let char = match escaped {
            'd' => return Ok(CharSet::digits()),
            'D' => return Ok(CharSet::digits().complement()),
            'w' => return Ok(CharSet::word()),
            'W' => return Ok(CharSet::word().complement()),
            's' => return Ok(CharSet::space()),
            'S' => return Ok(CharSet::space().complement()),
            'p' => return self.property(),
            'P' => return Ok(self.property()?.complement()),
            't' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            '0' if !self.rest.peek().is_some_and(char::is_ascii_digit) => '\0',
            'c' => {
                let letter = self.rest.next().filter(char::is_ascii_alphabetic).ok_or(InvalidPattern::Escape)?;
                return Ok(CharSet::code(u32::from(letter) & 0x1f));
            }
            'x' => return self.hexadecimal(2).map(CharSet::code),
            'u' => return self.unicode_escape(),
            // ECMA-262 has fewer of these with the `u` flag; a backslash too many is a harmless habit.
            punctuation if punctuation.is_ascii_punctuation() && punctuation != '_' => punctuation,
            _ => return Err(InvalidPattern::Escape),
        };
        Ok(CharSet::of(char))
    }

    fn hexadecimal(&mut self, digits: u32) -> Result<u32, InvalidPattern> {
        let mut code: u32 = 0;
        for _ in 0..digits {
            let digit = self.rest.next().and_then(|char| char.to_digit(16)).ok_or(InvalidPattern::Escape)?;
            code = (code << 4) | digit;
        }
        Ok(code)
    }

    fn unicode_escape(&mut self) -> Result<CharSet, InvalidPattern> {
        if self.rest.next_if_eq(&'{').is_some() {
            let mut code: u32 = 0;
            let mut digits = 0_u32;
            loop {
                match self.rest.next() {
                    Some('}') if digits > 0 => return Ok(CharSet::code(code)),
                    Some(char) => {
                        let digit = char.to_digit(16).ok_or(InvalidPattern::Escape)?;
                        code = code.saturating_mul(16).saturating_add(digit);
                        if code > u32::from(char::MAX) {
                            return Err(InvalidPattern::Escape);
                        }
                        digits = digits.saturating_add(1);
                    }
                    None => return Err(InvalidPattern::Incomplete),
                }
            }
        }
        let code = self.hexadecimal(4)?;
        if !(0xd800..0xdc00).contains(&code) {
            return Ok(CharSet::code(code));
        }
        // A character beyond U+FFFF in two halves, as JSON has it.
        let low = match (self.rest.next(), self.rest.next()) {
            (Some('\\'), Some('u')) => self.hexadecimal(4)?,
            _ => return Err(InvalidPattern::Escape),
        };
        match char::decode_utf16([code, low].into_iter().filter_map(|half| u16::try_from(half).ok())).next() {
            Some(Ok(char)) => Ok(CharSet::of(char)),
            _ => Err(InvalidPattern::Escape),
        }
    }

    fn property(&mut self) -> Result<CharSet, InvalidPattern> {
        if self.rest.next() != Some('{') {
            return Err(InvalidPattern::Property);
        }
        let mut name = String::new();
        loop {
            match self.rest.next() {
                Some('}') => break,
                Some(char) if name.len() < 64 => name.push(char),
                Some(_) => return Err(InvalidPattern::Property),
                None => return Err(InvalidPattern::Incomplete),
            }
        }
        CharSet::property(&name).ok_or(InvalidPattern::Property)
    }

    /// The inside of `[…]`.
    fn class(&mut self) -> Result<CharSet, InvalidPattern> {
        let negated = self.rest.next_if_eq(&'^').is_some();
        let mut set = CharSet::default();
        loop {
            let char = self.rest.next().ok_or(InvalidPattern::Incomplete)?;
            if char == ']' {
                break;
            }
            let low = self.class_atom(char)?;
            if self.rest.next_if_eq(&'-').is_none() {
                set.add(&low);
                continue;
            }
            match self.rest.next_if(|char| *char != ']') {
                // A hyphen at the end stands for itself.
                None => {
                    set.add(&low);
                    set.add(&CharSet::of('-'));
                }
                Some(char) => {
                    let high = self.class_atom(char)?;
                    let (Some(low), Some(high)) = (low.single(), high.single()) else {
                        return Err(InvalidPattern::Order);
                    };
                    if low > high {
                        return Err(InvalidPattern::Order);
                    }
                    set.add(&CharSet::range(low, high));
                }
            }
        }
        Ok(if negated { set.complement() } else { set })
    }

    fn class_atom(&mut self, char: char) -> Result<CharSet, InvalidPattern> {
        if char != '\\' {
            return Ok(CharSet::of(char));
        }
        match self.rest.next_if_eq(&'b') {
            // In a class this is the backspace.
            Some(_) => Ok(CharSet::code(8)),
            None => self.class_escape(),
        }
    }
}

fn limited(states: u32, more: u32, extra: u32) -> States {
    let sum = states.saturating_add(more).saturating_add(extra);
    if sum > MAX_STATES { Err(InvalidPattern::TooLarge) } else { Ok(sum) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        let compiled = Pattern::compile(pattern).unwrap_or_else(|reason| panic!("{pattern}: {reason}"));
        compiled.is_match(text, &mut Budget::new()).unwrap()
    }

    #[test]
    fn patterns_mean_what_ecma_262_says() {
        for (pattern, text, expected) in [
            ("es", "expression", true),
            ("^es", "expression", false),
            ("^a*$", "aaa", true),
            ("^a*$", "aab", false),
            ("^abc$", "abc\n", false),
            ("^a.c$", "a\u{2028}c", false),
            ("^a.c$", "aéc", true),
            ("^a.c$", "a😀c", true),
            (r"^\d+$", "12", true),
            (r"^\d+$", "߀", false),
            (r"^\w$", "é", false),
            (r"^\W$", "é", true),
            (r"^\s$", "\u{feff}", true),
            (r"^\s$", "\u{2003}", true),
            (r"^\s$", "\u{200b}", false),
            (r"^\S$", "\u{a0}", false),
            (r"^\cC$", "\u{3}", true),
            (r"^\t\n\v\f\r\0$", "\t\n\u{b}\u{c}\r\0", true),
            (r"^\x41\u0042\u{43}$", "ABC", true),
            (r"^\uD83D\uDE00$", "😀", true),
            (r"^[\uD83D\uDE00-\u{1F610}]$", "😅", true),
            (r"^[^]$", "\n", true),
            (r"[]", "a", false),
            (r"^[^a-c\d]+$", "xyz", true),
            (r"^[^a-c\d]+$", "xaz", false),
            (r"^[\b]$", "\u{8}", true),
            (r"^[a\-z]$", "-", true),
            (r"^[a\-z]$", "m", false),
            (r"^[a-]$", "-", true),
            (r"^[-a]$", "-", true),
            (r"^[&&||~~a-]$", "&", true),
            (r"^[[a]$", "[", true),
            (r"^[a-z]{2,3}$", "abc", true),
            (r"^[a-z]{2,3}$", "abcd", false),
            (r"^(ab){0}c$", "c", true),
            (r"^(ab){0}c$", "abc", false),
            (r"^(?:a|b|)+?$", "abab", true),
            (r"^(?<year>\d{4})-(?<month>\d{2})$", "2026-07", true),
            (r"\bfoo\b", "a foo b", true),
            (r"\bfoo\b", "afoo", false),
            (r"^\/\^\$\\\.\*\+\?\(\)\[\]\{\}\|\-\@$", r"/^$\.*+?()[]{}|-@", true),
            (r"^\p{Letter}+$", "πД日", true),
            (r"^\p{L}+$", "a1", false),
            (r"^\P{L}+$", "1 2", true),
            (r"^[\p{Lu}\p{N}_]+$", "ÀΩ٣Ⅷ_", true),
            (r"^[\p{Lu}\p{N}_]+$", "a", false),
            ("^🐲*$", "🐲🐲", true),
            ("^🐲*$", "🐉", false),
            ("", "anything", true),
            ("a|", "", true),
            ("#x y", "#x y", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "/{pattern}/ on {text:?}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_a_reason() {
        use InvalidPattern::{
            Escape, Group, Incomplete, LookAround, NeedsEscape, NothingToRepeat, Order, Property, TooLarge, Unbalanced,
        };
        for (pattern, reason) in [
            ("(a", Incomplete),
            ("[a", Incomplete),
            ("a\\", Incomplete),
            ("(?", Incomplete),
            ("(?<a", Incomplete),
            ("a)", Unbalanced),
            ("*a", NothingToRepeat),
            ("a**", NothingToRepeat),
            ("a{1}{2}", NothingToRepeat),
            ("^*", NothingToRepeat),
            (r"\b+", NothingToRepeat),
            ("a{,2}", NeedsEscape),
            ("a{", NeedsEscape),
            ("}", NeedsEscape),
            ("]", NeedsEscape),
            ("a{3,2}", Order),
            ("[z-a]", Order),
            (r"[\d-z]", Order),
            (r"\a", Escape),
            (r"\Z", Escape),
            (r"\00", Escape),
            (r"\c1", Escape),
            (r"\xg0", Escape),
            (r"\u12", Escape),
            (r"\u{110000}", Escape),
            (r"\uD83D", Escape),
            (r"\é", Escape),
            (r"\p{Script=Greek}", Property),
            (r"\pL", Property),
            ("(?=a)", LookAround),
            ("(?!a)", LookAround),
            ("(?<=a)", LookAround),
            ("(?<!a)", LookAround),
            (r"(a)\1", LookAround),
            (r"(?<n>a)\k<n>", LookAround),
            ("(?i:a)", Group),
            ("(?P<n>a)", Group),
            ("(?<>a)", Group),
            (".{5000}", TooLarge),
            ("((a{90}){90}){90}", TooLarge),
            ("a{99999999999}", TooLarge),
            (&"(".repeat(1000), TooLarge),
        ] {
            assert_eq!(Pattern::compile(pattern).err(), Some(reason), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_that_would_explode_elsewhere_does_not_here() {
        let text = "a".repeat(50_000);
        assert!(!matches("^(a+)+$", &format!("{text}!")));
        assert!(!matches("^(a|a)*b$", &text));
    }

    #[test]
    fn a_pattern_with_many_states_is_not_tried_on_an_endless_string() {
        let pattern = Pattern::compile("(a|b){0,1000}c").unwrap();
        assert!(pattern.is_match(&"a".repeat(1_000_000), &mut Budget::new()).is_err());
    }
}
