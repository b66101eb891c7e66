//! Regular expressions as JSON Schema has them: ECMA-262 with the `u` flag, unanchored (Core 2020-12 §6.4).
//!
//! Every way through a pattern is followed at once, so the time is linear in the text whatever the pattern (Thompson's
//! construction), and a stranger's string cannot make an author's pattern explode. What such a matcher does not have,
//! look-around and back-references, is refused when a schema is compiled; JSON Schema advises against them anyway.
//!
//! Why not a crate: `regex-lite` would need its syntax translated, which takes as much code as reading a pattern does, and
//! adds 23 KB of gzip to that; `regress` has all of ECMA-262, but backtracks and adds 132 KB. Tests hold this matcher
//! against `regex-lite`.

use crate::budget::{Budget, Exhausted};
use crate::char_class::{CharClass, is_word};
use crate::pattern_syntax::{InvalidPattern, Program, Step, parse};

/// How many steps of a program make one of a budget.
const VISITS_PER_STEP: usize = 4;

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    source: String,
    program: Program,
    classes: Vec<CharClass>,
}

impl Pattern {
    /// Reads a pattern of ECMA-262.
    pub(crate) fn compile(source: &str) -> Result<Self, InvalidPattern> {
        let (program, classes) = parse(source)?;
        Ok(Self { source: source.to_owned(), program, classes })
    }

    /// As its author wrote it.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Whether the pattern matches somewhere in the text.
    pub(crate) fn is_match(&self, text: &str, budget: &mut Budget) -> Result<bool, Exhausted> {
        // A pattern that begins with `^` cannot begin to match anywhere else.
        let anchored = matches!(self.program.first(), Some(Step::Start));
        let mut here = Ways::new(self.program.len());
        let mut next = Ways::new(self.program.len());
        // Clearing the marks costs next to nothing, but not quite; a visit is a fraction of a step of the budget.
        let mut visits = self.program.len() >> 4;
        let (mut before, mut rest) = (None, text.chars());
        loop {
            let after = rest.clone().next();
            if before.is_none() || !anchored {
                here.open.push(0);
            }
            if self.follow(&mut here, &mut visits, before, after) {
                return Ok(true);
            }
            if visits >= VISITS_PER_STEP {
                budget.spend(visits / VISITS_PER_STEP)?;
                visits %= VISITS_PER_STEP;
            }
            let Some(char) = rest.next().filter(|_| !here.taking.is_empty() || !anchored) else { return Ok(false) };
            for at in here.taking.drain(..) {
                let takes = match self.program.get(at) {
                    Some(Step::Char(wanted)) => *wanted == char,
                    Some(Step::Class(class)) => self.classes.get(*class).is_some_and(|class| class.contains(char)),
                    _ => false,
                };
                if takes {
                    next.open.push(at.saturating_add(1));
                }
            }
            before = Some(char);
            std::mem::swap(&mut here, &mut next);
        }
    }

    /// Goes every open way up to the step that takes a character. True if one of them comes to the end of the program.
    fn follow(&self, ways: &mut Ways, visits: &mut usize, before: Option<char>, after: Option<char>) -> bool {
        ways.round = ways.round.saturating_add(1);
        while let Some(at) = ways.open.pop() {
            *visits = visits.saturating_add(1);
            let Some(step) = self.program.get(at) else { return true };
            match ways.seen.get_mut(at) {
                Some(seen) if *seen != ways.round => *seen = ways.round,
                _ => continue,
            }
            let goes_on = match step {
                Step::Char(_) | Step::Class(_) => {
                    ways.taking.push(at);
                    false
                }
                Step::Jump(distance) => {
                    ways.open.push(at.saturating_add_signed(*distance));
                    false
                }
                Step::Fork(distance) => {
                    ways.open.push(at.saturating_add_signed(*distance));
                    true
                }
                Step::Start => before.is_none(),
                Step::End => after.is_none(),
                Step::Boundary(wanted) => (before.is_some_and(is_word) != after.is_some_and(is_word)) == *wanted,
            };
            if goes_on {
                ways.open.push(at.saturating_add(1));
            }
        }
        false
    }
}

/// The ways through a program at one place of a text.
struct Ways {
    /// Steps still to be looked at.
    open: Vec<usize>,
    /// Steps that take the next character.
    taking: Vec<usize>,
    /// For each step the round in which it was seen last: it is looked at once in a round.
    seen: Vec<u32>,
    round: u32,
}

impl Ways {
    fn new(steps: usize) -> Self {
        Self { open: Vec::new(), taking: Vec::new(), seen: vec![0; steps], round: 0 }
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
        let pattern = Pattern::compile("(a|b){0,500}c").unwrap();
        assert!(pattern.is_match(&"a".repeat(1_000_000), &mut Budget::new()).is_err());
    }

    #[test]
    fn a_pattern_with_many_alternatives_is_refused_and_not_recursed_into() {
        assert_eq!(Pattern::compile(&"|".repeat(1_000_000)).err(), Some(InvalidPattern::TooLarge));
    }

    /// Patterns in the syntax that ECMA-262 and `regex-lite` share.
    fn shared_syntax() -> impl Strategy<Value = String> {
        let atom = prop::sample::select(vec![
            "a", "b", "c", "[ab]", "[^a]", "[a-c]", "[^b-cx]", "[é-ü]", r"\d", r"\D", r"\w", r"\W", r"\b", r"\B", "^",
            "$", "1", "é", "(?:)",
        ]);
        atom.prop_map(str::to_owned).prop_recursive(4, 24, 3, |inner| {
            let quantifier =
                prop::sample::select(vec!["*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,}", "{1,3}"]);
            prop_oneof![
                (inner.clone(), quantifier).prop_map(|(inner, quantifier)| format!("(?:{inner}){quantifier}")),
                (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("{left}{right}")),
                (inner.clone(), inner).prop_map(|(left, right)| format!("(?:{left}|{right})")),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn a_well_kept_matcher_comes_to_the_same_answer(
            pattern in shared_syntax(),
            text in prop::collection::vec(prop::sample::select(vec!['a', 'b', 'c', '1', 'é', ' ']), 0..9),
        ) {
            let text: String = text.into_iter().collect();
            let expected = regex_lite::Regex::new(&pattern).unwrap().is_match(&text);
            prop_assert_eq!(matches(&pattern, &text), expected, "/{}/ on {:?}", pattern, text);
        }

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
