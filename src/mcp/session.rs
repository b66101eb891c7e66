//! The id of a legacy session ("Session Management", until 2025-11-25).
//!
//! An id costs nothing: it is handed out at `initialize` and names a place where something can be remembered. Nothing is
//! stored until there is something to remember, and a call needs no session. It is not a credential.

/// A session's name: visible ASCII, at most [`SessionId::MAX_LENGTH`] characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionId(String);

impl SessionId {
    /// Longest id, in characters. Ours have 32.
    pub const MAX_LENGTH: usize = 64;

    /// The header that carries it.
    pub const HEADER: &'static str = "mcp-session-id";

    /// An id as a client sends it back; none if no server could have made it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let visible = text.bytes().all(|byte| matches!(byte, 0x21..=0x7E));
        (visible && !text.is_empty() && text.len() <= Self::MAX_LENGTH).then(|| Self(text.to_owned()))
    }

    /// A new id from 128 random bits.
    #[must_use]
    pub fn from_random(bits: u128) -> Self {
        Self(format!("{bits:032x}"))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_visible_ascii() {
        assert_eq!(SessionId::parse(SessionId::from_random(7).as_str()), Some(SessionId::from_random(7)));
        for text in ["", "a b", "ü", "a\n", &"x".repeat(SessionId::MAX_LENGTH + 1)] {
            assert_eq!(SessionId::parse(text), None, "{text:?}");
        }
    }
}
