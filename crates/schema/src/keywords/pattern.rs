//! Regular expressions in `pattern` and `patternProperties`: ECMA-262 with the `u` flag, not anchored (Core §6.4).
//!
//! The crate `regex` matches in time linear in the text, so no text makes a pattern explode. A schema with a pattern that needs
//! look-around or back-references is refused; JSON Schema advises against both.

use regex::{Regex, RegexBuilder};
use regex_syntax::ast::ErrorKind;
use regex_syntax::hir::{Hir, HirKind};

use crate::budget::{Budget, Exhausted};
use crate::keywords::ecma_262::to_rust_syntax;
use crate::keywords::invalid_pattern::InvalidPattern;

/// How many positions a pattern may have.
const MAX_POSITIONS: usize = 4_096;
/// How much memory a compiled pattern may take, in bytes.
const MAX_MEMORY: usize = 4 << 20;
/// How deep groups and repetitions may nest.
const MAX_NESTING: u32 = 100;
/// How many positions a step of the budget tries.
const POSITIONS_PER_STEP: usize = 2;

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    source: String,
    regex: Regex,
    /// How many positions of the pattern each character of a text is compared with at most.
    positions: usize,
}

impl Pattern {
    pub(crate) fn compile(source: &str) -> Result<Self, InvalidPattern> {
        if source.len() > 4 * MAX_POSITIONS {
            return Err(InvalidPattern::TooLarge);
        }
        let translated = to_rust_syntax(source)?;
        let hir = regex_syntax::ParserBuilder::new().nest_limit(MAX_NESTING).build().parse(&translated);
        let positions = positions(&hir.map_err(|error| syntax_error(&error))?);
        if positions > MAX_POSITIONS {
            return Err(InvalidPattern::TooLarge);
        }
        let regex = RegexBuilder::new(&translated).nest_limit(MAX_NESTING).size_limit(MAX_MEMORY).build();
        let regex = regex.map_err(|_| InvalidPattern::TooLarge)?;
        Ok(Self { source: source.to_owned(), regex, positions })
    }

    /// Returns the pattern as its author wrote it.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Returns whether the pattern matches somewhere in the text.
    pub(crate) fn is_match(&self, text: &str, budget: &mut Budget) -> Result<bool, Exhausted> {
        budget.spend(1 + text.len().saturating_mul(self.positions) / POSITIONS_PER_STEP)?;
        Ok(self.regex.is_match(text))
    }
}

/// Returns how many characters and repeated assertions a pattern has, counting every repetition up to its upper bound.
fn positions(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(_) => 1,
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1);
            positions(&repetition.sub).max(1).saturating_mul(times as usize)
        }
        HirKind::Capture(capture) => positions(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(positions).fold(0, usize::saturating_add)
        }
    }
}

fn syntax_error(error: &regex_syntax::Error) -> InvalidPattern {
    match error {
        regex_syntax::Error::Parse(error) if matches!(error.kind(), ErrorKind::NestLimitExceeded(_)) => {
            InvalidPattern::TooLarge
        }
        regex_syntax::Error::Parse(error) => InvalidPattern::Syntax(error.kind().to_string()),
        regex_syntax::Error::Translate(error) => InvalidPattern::Syntax(error.kind().to_string()),
        _ => InvalidPattern::Syntax("it cannot be parsed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
            (r"^[a&&b]$", "&", true),
            (r"^[+--]$", ",", true),
            (r"\Bb", "ab", true),
            (r"\Bb", "éb", false),
            (r"^\p{Script=Greek}+$", "λόγος", true),
            (r"^\p{Nd}$", "߀", true),
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
        use InvalidPattern::{Escape, Group, Incomplete, LookAround, NeedsEscape, NothingToRepeat, Range, TooLarge};
        let syntax = |text: &str| InvalidPattern::Syntax(text.to_owned());
        for (pattern, reason) in [
            ("(a", syntax("unclosed group")),
            ("a)", syntax("unopened group")),
            ("a{3,2}", syntax("invalid repetition count range, the start must be <= the end")),
            (r"\p{Nonsense}", syntax("Unicode property not found")),
            ("[a", Incomplete),
            ("a\\", Incomplete),
            ("(?", Incomplete),
            ("(?<a", Incomplete),
            ("*a", NothingToRepeat),
            ("a**", NothingToRepeat),
            ("a{1}{2}", NothingToRepeat),
            ("^*", NothingToRepeat),
            (r"\b+", NothingToRepeat),
            ("a{,2}", NeedsEscape),
            ("a{", NeedsEscape),
            ("}", NeedsEscape),
            ("]", NeedsEscape),
            ("[z-a]", Range),
            (r"[\d-z]", Range),
            (r"\a", Escape),
            (r"\A", Escape),
            (r"\z", Escape),
            (r"\00", Escape),
            (r"\c1", Escape),
            (r"\xg0", Escape),
            (r"\u12", Escape),
            (r"\u{110000}", Escape),
            (r"\uD83D", Escape),
            (r"\é", Escape),
            (r"\pL", Escape),
            (r"\p{^L}", Escape),
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
            (r"\p{L}{4000}", TooLarge),
            (&format!("{}{}", "(".repeat(200), ")".repeat(200)), TooLarge),
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
        let pattern = Pattern::compile("(a|b){0,500}c").unwrap();
        assert!(pattern.is_match(&"a".repeat(1_000_000), &mut Budget::new()).is_err());
    }

    #[test]
    fn a_pattern_with_many_alternatives_is_refused_and_not_recursed_into() {
        assert_eq!(Pattern::compile(&"|".repeat(1_000_000)).err(), Some(InvalidPattern::TooLarge));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn any_text_is_a_pattern_or_refused(pattern in any::<String>(), text in any::<String>()) {
            if let Ok(pattern) = Pattern::compile(&pattern) {
                let _ = pattern.is_match(&text, &mut Budget::new());
            }
        }

        #[test]
        fn any_arrangement_of_syntax_is_a_pattern_or_refused(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "(", ")", "(?:", "(?<n>", "[", "[^", "]", "-", "\\", "\\d", "\\b", "\\u", "{", "}", ",", "2", "*", "+", "?",
                    "|", "^", "$", ".", "a",
                ]),
                0..16,
            ),
        ) {
            if let Ok(pattern) = Pattern::compile(&parts.concat()) {
                prop_assert!(pattern.is_match("ab-a2", &mut Budget::new()).is_ok());
            }
        }
    }
}
