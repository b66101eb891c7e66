//! Sets of characters: what the escapes of ECMA-262 patterns stand for (§22.2.2.9), and how `regex-lite` writes them.
//!
//! Of the Unicode properties only those are here that follow from what the standard library knows anyway; tables for the
//! others would outweigh the rest of this folder.

use std::fmt::Write as _;

/// The last code point.
const LAST: u32 = 0x10_ffff;
/// No letter, digit or other character with a property used here lies beyond (planes 0 to 3).
const LAST_WITH_PROPERTY: u32 = 0x3_ffff;

/// A set of code points: ranges, sorted and apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CharSet(Vec<(u32, u32)>);

impl CharSet {
    pub(super) fn of(char: char) -> Self {
        Self::code(u32::from(char))
    }

    pub(super) fn code(code: u32) -> Self {
        Self::range(code, code)
    }

    pub(super) fn range(low: u32, high: u32) -> Self {
        Self(vec![(low, high)])
    }

    fn ranges(ranges: &[(u32, u32)]) -> Self {
        Self(ranges.to_vec())
    }

    pub(super) fn digits() -> Self {
        Self::range(0x30, 0x39)
    }

    pub(super) fn word() -> Self {
        Self::ranges(&[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)])
    }

    pub(super) fn line_terminators() -> Self {
        Self::ranges(&[(0x0a, 0x0a), (0x0d, 0x0d), (0x2028, 0x2029)])
    }

    /// `WhiteSpace` and `LineTerminator` of ECMA-262 §12.2, §12.3.
    pub(super) fn space() -> Self {
        Self::ranges(&[
            (0x09, 0x0d),
            (0x20, 0x20),
            (0xa0, 0xa0),
            (0x1680, 0x1680),
            (0x2000, 0x200a),
            (0x2028, 0x2029),
            (0x202f, 0x202f),
            (0x205f, 0x205f),
            (0x3000, 0x3000),
            (0xfeff, 0xfeff),
        ])
    }

    /// The characters with a Unicode property, by the names of ECMA-262 (§22.2.1.10).
    pub(super) fn property(name: &str) -> Option<Self> {
        let category = name.strip_prefix("General_Category=").or_else(|| name.strip_prefix("gc="));
        let by_category = match category.unwrap_or(name) {
            "L" | "Letter" => Some(Self::with(is_letter)),
            "Lu" | "Uppercase_Letter" => Some(Self::with(is_uppercase_letter)),
            "N" | "Number" => Some(Self::with(char::is_numeric)),
            "Cc" | "Control" | "cntrl" => Some(Self::with(char::is_control)),
            _ => None,
        };
        if category.is_some() || by_category.is_some() {
            return by_category;
        }
        match name {
            "Any" => Some(Self::range(0, LAST)),
            "ASCII" => Some(Self::range(0, 0x7f)),
            "Alphabetic" | "Alpha" => Some(Self::with(char::is_alphabetic)),
            "Uppercase" | "Upper" => Some(Self::with(char::is_uppercase)),
            "Lowercase" | "Lower" => Some(Self::with(char::is_lowercase)),
            "White_Space" | "space" => Some(Self::with(char::is_whitespace)),
            _ => None,
        }
    }

    fn with(has: impl Fn(char) -> bool) -> Self {
        let mut set = Self::default();
        for char in (0..=LAST_WITH_PROPERTY).filter_map(char::from_u32).filter(|char| has(*char)) {
            let code = u32::from(char);
            match set.0.last_mut() {
                Some((_, high)) if high.checked_add(1) == Some(code) => *high = code,
                _ => set.0.push((code, code)),
            }
        }
        set
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.0.extend(&other.0);
        self.0.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(self.0.len());
        for (low, high) in self.0.drain(..) {
            match merged.last_mut() {
                Some((_, last)) if low <= last.saturating_add(1) => *last = high.max(*last),
                _ => merged.push((low, high)),
            }
        }
        self.0 = merged;
    }

    pub(super) fn complement(&self) -> Self {
        let mut gaps = Vec::with_capacity(self.0.len().saturating_add(1));
        let mut next = 0;
        for (low, high) in &self.0 {
            if let Some(before) = low.checked_sub(1).filter(|before| *before >= next) {
                gaps.push((next, before));
            }
            next = high.saturating_add(1);
        }
        if next <= LAST {
            gaps.push((next, LAST));
        }
        Self(gaps)
    }

    /// The one member, if there is just one.
    pub(super) fn single(&self) -> Option<u32> {
        match self.0.as_slice() {
            [(low, high)] if low == high => Some(*low),
            _ => None,
        }
    }

    /// Writes the set as a class of `regex-lite`. Surrogates are left out: no Rust string has them.
    pub(super) fn write(&self, regex: &mut String) {
        let start = regex.len();
        regex.push('[');
        for (low, high) in &self.0 {
            for (low, high) in [(*low, (*high).min(0xd7ff)), ((*low).max(0xe000), *high)] {
                if low <= high {
                    let _ = write!(regex, "\\x{{{low:X}}}-\\x{{{high:X}}}");
                }
            }
        }
        if regex.len() == start.saturating_add(1) {
            let _ = write!(regex, "^\\x{{0}}-\\x{{{LAST:X}}}");
        }
        regex.push(']');
    }
}

/// General category L, and a little more: the marks that write vowels in Indic and other scripts, and circled letters,
/// count as letters here. The exact set would need a table, and whoever asks for letters wants those marks.
fn is_letter(char: char) -> bool {
    char.is_alphabetic() && !char.is_numeric()
}

/// General category Lu: uppercase characters without numbers (Ⅷ) and symbols (Ⓐ).
fn is_uppercase_letter(char: char) -> bool {
    char.is_uppercase()
        && !char.is_numeric()
        && !matches!(u32::from(char), 0x24b6..=0x24cf | 0x1_f130..=0x1_f149 | 0x1_f150..=0x1_f169 | 0x1_f170..=0x1_f189)
}
