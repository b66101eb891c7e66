//! The name that a person gives a passkey.

use serde::{Deserialize, Serialize};

/// Maximum length of a name, in characters.
pub const MAX_NAME: usize = 60;

/// The name of a passkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyName(String);

impl PasskeyName {
    /// Takes what the person has typed, without white space around it and control characters. An empty text becomes "Passkey".
    #[must_use]
    pub fn clean(typed: &str) -> Self {
        let name: String = typed.trim().chars().filter(|character| !character.is_control()).take(MAX_NAME).collect();
        Self(if name.is_empty() { "Passkey".to_owned() } else { name })
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<PasskeyName> for String {
    fn from(name: PasskeyName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passkey_has_a_short_name_without_control_characters() {
        for (typed, name) in [
            (" My phone ", "My phone".to_owned()),
            ("a\u{0}b\r\nc", "abc".to_owned()),
            ("", "Passkey".to_owned()),
            (" \n", "Passkey".to_owned()),
            (&"ö".repeat(100), "ö".repeat(60)),
        ] {
            assert_eq!(PasskeyName::clean(typed).as_str(), name);
        }
    }
}
