//! Log levels, and which messages a client gets ("Logging").

use serde::Serialize;

/// How much a log message matters: the levels of RFC 5424 (`LoggingLevel`).
///
/// # Examples
///
/// ```
/// use mcp_connector::{Context, LoggingLevel, ToolError};
/// use serde_json::json;
///
/// async fn import(cx: Context) -> Result<&'static str, ToolError> {
///     cx.log(LoggingLevel::Info, json!({"imported": 12})).await;
///     Ok("12 rows were imported.")
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LoggingLevel {
    /// Details for debugging.
    Debug,
    /// Progress of the work.
    Info,
    /// A normal event that deserves attention.
    Notice,
    /// A possible mistake.
    Warning,
    /// A failure.
    Error,
    /// A part of the system does not work.
    Critical,
    /// Somebody must act at once.
    Alert,
    /// The system is unusable.
    Emergency,
}

impl LoggingLevel {
    /// Every level, the least important first.
    pub const ALL: [Self; 8] = [
        Self::Debug,
        Self::Info,
        Self::Notice,
        Self::Warning,
        Self::Error,
        Self::Critical,
        Self::Alert,
        Self::Emergency,
    ];

    /// The level for a client until 2025-11-25 that never set one.
    pub(crate) const UNASKED: Self = Self::Info;

    /// Returns the level of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }

    /// Returns the name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
            Self::Alert => "alert",
            Self::Emergency => "emergency",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_and_found_by_name() {
        assert!(LoggingLevel::ALL.is_sorted());
        for level in LoggingLevel::ALL {
            assert_eq!(LoggingLevel::parse(level.as_str()), Some(level));
            assert_eq!(serde_json::to_value(level).unwrap(), level.as_str());
        }
        assert_eq!(LoggingLevel::parse("Info"), None);
    }
}
