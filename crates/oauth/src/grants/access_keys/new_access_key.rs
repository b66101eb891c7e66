//! What a person asks for when they make an access key.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::scope::ScopeSet;

use crate::resource::protected_resource::Resource;

/// Maximum length of a name, in characters.
pub const MAX_KEY_NAME: usize = 60;

const DAY: u64 = 24 * 3600;

/// A key that a person wants to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAccessKey {
    /// Drawn with the form, so that a form that is sent twice makes one key.
    pub id: GrantId,
    pub name: KeyName,
    /// The only resource where the key is valid.
    pub resource: Resource,
    pub scope: ScopeSet,
    pub lifetime: KeyLifetime,
}

/// The name that a person gives a key: 1 to [`MAX_KEY_NAME`] characters without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyName(String);

/// A text that cannot be the name of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the name of a key has 1 to 60 characters")]
pub struct InvalidKeyName;

impl KeyName {
    /// Takes a name. White space around it is dropped.
    ///
    /// # Errors
    ///
    /// The name is empty, too long, or has control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidKeyName> {
        let name = text.trim();
        if name.is_empty() || name.chars().count() > MAX_KEY_NAME || name.chars().any(char::is_control) {
            return Err(InvalidKeyName);
        }
        Ok(Self(name.to_owned()))
    }

    /// Returns the text. Another person's page may show it, so it is untrusted.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for KeyName {
    type Error = InvalidKeyName;

    fn try_from(text: String) -> Result<Self, InvalidKeyName> {
        Self::parse(&text)
    }
}

impl From<KeyName> for String {
    fn from(name: KeyName) -> Self {
        name.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How long a key is valid: one of [`KeyLifetime::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyLifetime {
    days: u16,
}

impl KeyLifetime {
    /// The choices, the shortest first: 30 days to a year.
    pub const ALL: [Self; 4] = [Self { days: 30 }, Self { days: 90 }, Self { days: 180 }, Self { days: 365 }];
    /// The choice that a form suggests.
    pub const DEFAULT: Self = Self { days: 90 };

    /// Returns the choices where a key is valid for `longest` days at most: that one only, if it is shorter than all of them.
    #[must_use]
    pub fn choices(longest: u16) -> Vec<Self> {
        let choices: Vec<Self> = Self::ALL.into_iter().filter(|lifetime| lifetime.days <= longest).collect();
        if choices.is_empty() { vec![Self { days: longest }] } else { choices }
    }

    /// Returns the choice with this number of days, where a key is valid for `longest` days at most.
    #[must_use]
    pub fn of_days(text: &str, longest: u16) -> Option<Self> {
        Self::choices(longest).into_iter().find(|lifetime| lifetime.days.to_string() == text)
    }

    #[must_use]
    pub const fn days(self) -> u16 {
        self.days
    }

    /// Returns the lifetime in seconds.
    #[must_use]
    pub fn seconds(self) -> u64 {
        u64::from(self.days) * DAY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_has_no_control_characters() {
        let long = "ö".repeat(MAX_KEY_NAME);
        for (text, name) in [
            (" n8n ", Some("n8n")),
            ("Alice’s laptop", Some("Alice’s laptop")),
            (&*long, Some(&*long)),
            (&*format!("{long}x"), None),
            ("", None),
            (" \t", None),
            ("a\nb", None),
            ("a\u{0}", None),
        ] {
            assert_eq!(KeyName::parse(text).ok().as_ref().map(KeyName::as_str), name, "{text:?}");
        }
    }

    #[test]
    fn a_key_lives_thirty_days_to_a_year() {
        assert_eq!(KeyLifetime::ALL.map(KeyLifetime::days), [30, 90, 180, 365]);
        assert!(KeyLifetime::ALL.contains(&KeyLifetime::DEFAULT));
        assert_eq!(KeyLifetime::of_days("365", 365).map(KeyLifetime::seconds), Some(365 * 24 * 3600));
        for text in ["", "0", "29", "366", "030", "+30", "30 "] {
            assert_eq!(KeyLifetime::of_days(text, 365), None, "{text:?}");
        }
    }

    #[test]
    fn no_choice_is_longer_than_the_setting_allows() {
        let days = |longest| KeyLifetime::choices(longest).into_iter().map(KeyLifetime::days).collect::<Vec<_>>();
        assert_eq!(days(365), [30, 90, 180, 365]);
        assert_eq!(days(179), [30, 90]);
        assert_eq!(days(30), [30]);
        assert_eq!(days(7), [7]);
        assert_eq!(KeyLifetime::of_days("90", 30), None, "of a form from before the setting");
        assert_eq!(KeyLifetime::of_days("7", 7).map(KeyLifetime::days), Some(7));
    }
}
