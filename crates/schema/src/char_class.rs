//! What one character of a pattern may be: `a`, `.`, `\d`, `[^a-z\p{L}]` (ECMA-262 §22.2.2.9).
//!
//! Of the Unicode properties those are here that the standard library has; tables for others would outweigh this folder.

/// A set of characters, as it is written: some items, or all but them.
#[derive(Clone, Debug, Default)]
pub(crate) struct CharClass {
    items: Vec<Item>,
    negated: bool,
}

/// A part of a class.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item {
    /// Code points from the first to the last. They may be surrogates, which no string here has.
    Range(u32, u32),
    /// Whatever is in these ranges, or in none of them.
    Ranges(&'static [(u32, u32)], Negated),
    /// Whatever has the property, or does not have it.
    Property(fn(char) -> bool, Negated),
}

type Negated = bool;

impl CharClass {
    pub(crate) fn new(items: Vec<Item>, negated: bool) -> Self {
        Self { items, negated }
    }

    pub(crate) fn contains(&self, char: char) -> bool {
        self.items.iter().any(|item| item.contains(char)) != self.negated
    }
}

impl Item {
    /// `\d`: only these, whatever the flags.
    pub(crate) const DIGIT: &'static [(u32, u32)] = &[(0x30, 0x39)];
    /// `\w`.
    pub(crate) const WORD: &'static [(u32, u32)] = &[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)];
    /// What `.` does not match: `LineTerminator`, §12.3.
    pub(crate) const LINE_END: &'static [(u32, u32)] = &[(0x0a, 0x0a), (0x0d, 0x0d), (0x2028, 0x2029)];
    /// `\s`: `WhiteSpace` and `LineTerminator`, §12.2 and §12.3.
    pub(crate) const SPACE: &'static [(u32, u32)] = &[
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
    ];

    pub(crate) fn char(char: char) -> Self {
        Self::Range(u32::from(char), u32::from(char))
    }

    /// The one code point it is, if it is one.
    pub(crate) fn single(self) -> Option<u32> {
        match self {
            Self::Range(low, high) if low == high => Some(low),
            Self::Range(..) | Self::Ranges(..) | Self::Property(..) => None,
        }
    }

    /// A Unicode property by its name in ECMA-262 (§22.2.1.10), general categories with or without their prefix.
    pub(crate) fn property(name: &str, negated: bool) -> Option<Self> {
        let category = name.strip_prefix("General_Category=").or_else(|| name.strip_prefix("gc="));
        let holds: fn(char) -> bool = match category.unwrap_or(name) {
            "L" | "Letter" => is_letter,
            "Lu" | "Uppercase_Letter" => is_uppercase_letter,
            "N" | "Number" => char::is_numeric,
            "Cc" | "Control" => char::is_control,
            _ if category.is_some() => return None,
            "Any" => |_| true,
            "ASCII" => |char| char.is_ascii(),
            "Alphabetic" | "Alpha" => char::is_alphabetic,
            "Uppercase" | "Upper" => char::is_uppercase,
            "Lowercase" | "Lower" => char::is_lowercase,
            "White_Space" | "space" => char::is_whitespace,
            _ => return None,
        };
        Some(Self::Property(holds, negated))
    }

    fn contains(self, char: char) -> bool {
        let code = u32::from(char);
        match self {
            Self::Range(low, high) => (low..=high).contains(&code),
            Self::Ranges(ranges, negated) => ranges.iter().any(|(low, high)| (*low..=*high).contains(&code)) != negated,
            Self::Property(holds, negated) => holds(char) != negated,
        }
    }
}

/// Whether `\b` sees a part of a word.
pub(crate) fn is_word(char: char) -> bool {
    Item::Ranges(Item::WORD, false).contains(char)
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
