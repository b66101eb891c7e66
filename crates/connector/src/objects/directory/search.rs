//! By which words a person is found: those of their name, and their address.

use crate::objects::directory::commands::KnownPerson;

/// Maximum number of words of a person.
const MAX_WORDS: usize = 10;
/// Maximum length of a word, in characters.
const MAX_WORD: usize = 64;
/// Maximum length of a search, in characters.
const MAX_SEARCH: usize = 100;

/// Returns the words by which a person is found: each word of the name, the address, and its domain.
pub(crate) fn words_of(name: Option<&str>, email: Option<&str>) -> Vec<String> {
    let domain = email.and_then(|email| email.rsplit_once('@')).map(|(_, domain)| domain);
    let words = pieces(name.unwrap_or_default()).into_iter().chain([email, domain].into_iter().flatten().map(cut));
    let mut found: Vec<String> = Vec::new();
    for word in words {
        if found.len() < MAX_WORDS && !found.contains(&word) {
            found.push(word);
        }
    }
    found
}

/// What an owner searches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Search {
    /// The beginning of a word.
    pub(crate) prefix: String,
    /// Another part of the name or address, or nothing.
    pub(crate) rest: String,
}

impl Search {
    /// Reads what was typed. Returns none if nothing of it can be searched for.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text: String = text.trim().chars().take(MAX_SEARCH).collect();
        if text.contains('@') {
            let word = text.split_whitespace().find(|word| word.contains('@')).unwrap_or_default();
            // The domain is a word of its own.
            return Some(Self { prefix: cut(word.trim_start_matches('@')), rest: String::new() });
        }
        let mut pieces = pieces(&text).into_iter();
        let prefix = pieces.next()?;
        Some(Self { prefix, rest: pieces.max_by_key(String::len).unwrap_or_default() })
    }
}

impl Search {
    /// Returns whether it finds a person.
    pub(crate) fn finds(&self, known: &KnownPerson) -> bool {
        let (name, email) = (known.name.as_deref(), known.email.as_deref());
        let text = [name.unwrap_or_default(), email.unwrap_or_default()].join(" ").to_lowercase();
        words_of(name, email).iter().any(|word| word.starts_with(&self.prefix)) && text.contains(&self.rest)
    }
}

fn pieces(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty()).map(cut).collect()
}

fn cut(word: &str) -> String {
    word.to_lowercase().chars().take(MAX_WORD).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_found_by_the_words_of_the_name_and_by_the_address() {
        let words = words_of(Some("Zo\u{eb} O\u{2019}Brien-Smith"), Some("Zoe@Example.com"));
        assert_eq!(words, ["zo\u{eb}", "o", "brien", "smith", "zoe@example.com", "example.com"]);
        assert_eq!(words_of(None, None), Vec::<String>::new());
        assert_eq!(words_of(Some(&"x ".repeat(50)), None), ["x"]);
        let many = (0..50).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ");
        assert_eq!(words_of(Some(&many), None).len(), MAX_WORDS);
        assert_eq!(words_of(Some(&"x".repeat(500)), None)[0].len(), MAX_WORD);
    }

    #[test]
    fn a_search_is_the_beginning_of_a_word_and_another_part() {
        let search = |prefix: &str, rest: &str| Some(Search { prefix: prefix.to_owned(), rest: rest.to_owned() });
        for (text, expected) in [
            ("Jan", search("jan", "")),
            (" jane DOE ", search("jane", "doe")),
            ("O'Brien", search("o", "brien")),
            ("jane@example.com", search("jane@example.com", "")),
            ("@example.com", search("example.com", "")),
            ("", None),
            ("  %_ ", None),
        ] {
            assert_eq!(Search::parse(text), expected, "{text:?}");
        }
        assert!(Search::parse(&"x".repeat(1000)).unwrap().prefix.len() <= MAX_WORD);
    }
}
