//! The protocol revisions that this server supports, and the era of each ("Versioning and Compatibility").

/// A revision of the protocol, by its date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProtocolVersion {
    /// 2024-11-05: two endpoints, HTTP with SSE. Supported at `/sse` only.
    V2024_11_05,
    /// 2025-03-26: the first with Streamable HTTP, the only one with batches.
    V2025_03_26,
    /// 2025-06-18: structured output, elicitation, the version header.
    V2025_06_18,
    /// 2025-11-25: icons, resumable streams, the last with a handshake.
    V2025_11_25,
    /// 2026-07-28: stateless; each request says its version and capabilities.
    V2026_07_28,
}

/// The way in which a client and a server agree on a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// By an `initialize` handshake.
    Legacy,
    /// By metadata in each request.
    Modern,
}

impl ProtocolVersion {
    /// The revisions of Streamable HTTP, newest first, in the order in which they are offered.
    pub const STREAMABLE_HTTP: [Self; 4] = [Self::V2026_07_28, Self::V2025_11_25, Self::V2025_06_18, Self::V2025_03_26];

    /// The revisions over the transport of 2024-11-05, newest first: those with a handshake.
    pub(crate) const HTTP_SSE: [Self; 4] = [Self::V2025_11_25, Self::V2025_06_18, Self::V2025_03_26, Self::V2024_11_05];

    /// The revisions of all endpoints, newest first.
    pub const ALL: [Self; 5] =
        [Self::V2026_07_28, Self::V2025_11_25, Self::V2025_06_18, Self::V2025_03_26, Self::V2024_11_05];

    /// The revision of a request that names none ("Protocol Version Header").
    pub(crate) const UNNAMED: Self = Self::V2025_03_26;

    /// The newest revision with a handshake, and the answer to `initialize` with an unknown version.
    pub(crate) const NEWEST_LEGACY: Self = Self::V2025_11_25;

    /// Returns the stateless revisions, newest first.
    pub(crate) fn modern() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|version| version.is_modern())
    }

    /// Returns the revision of this date, if this server supports it over Streamable HTTP.
    #[must_use]
    pub fn parse(date: &str) -> Option<Self> {
        Self::STREAMABLE_HTTP.into_iter().find(|version| version.as_str() == date)
    }

    /// Returns the date of the revision, as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// Returns the era of the revision.
    pub(crate) const fn era(self) -> Era {
        match self {
            Self::V2024_11_05 | Self::V2025_03_26 | Self::V2025_06_18 | Self::V2025_11_25 => Era::Legacy,
            Self::V2026_07_28 => Era::Modern,
        }
    }

    /// Returns whether each request names its version and capabilities (from 2026-07-28 on).
    #[must_use]
    pub const fn is_modern(self) -> bool {
        matches!(self.era(), Era::Modern)
    }

    /// Encodes the revision as a byte for [`Self::from_code`]. A code is never given to another revision.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::V2024_11_05 => 5,
            Self::V2025_03_26 => 1,
            Self::V2025_06_18 => 2,
            Self::V2025_11_25 => 3,
            Self::V2026_07_28 => 4,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.code() == code)
    }

    /// Returns whether content may be audio.
    pub(crate) const fn has_audio(self) -> bool {
        !matches!(self, Self::V2024_11_05)
    }

    /// Returns whether tools have annotations: hints and a title.
    pub(crate) const fn has_tool_annotations(self) -> bool {
        !matches!(self, Self::V2024_11_05)
    }

    /// Returns whether a notification of progress can have a message.
    pub(crate) const fn has_progress_messages(self) -> bool {
        !matches!(self, Self::V2024_11_05)
    }

    /// Whether tools have titles, output schemas and structured results.
    pub(crate) const fn has_structured_content(self) -> bool {
        !matches!(self, Self::V2024_11_05 | Self::V2025_03_26)
    }

    /// Returns whether list entries and contents have `_meta`, and entries titles.
    pub(crate) const fn has_titles(self) -> bool {
        !matches!(self, Self::V2024_11_05 | Self::V2025_03_26)
    }

    /// Returns whether annotations say when something changed.
    pub(crate) const fn has_last_modified(self) -> bool {
        !matches!(self, Self::V2024_11_05 | Self::V2025_03_26)
    }

    /// Whether content may be a link to a resource.
    pub(crate) const fn has_resource_links(self) -> bool {
        !matches!(self, Self::V2024_11_05 | Self::V2025_03_26)
    }

    /// Whether structured results may be other than objects.
    pub(crate) const fn has_any_structured_content(self) -> bool {
        self.is_modern()
    }

    /// Whether servers and tools may have icons.
    pub(crate) const fn has_icons(self) -> bool {
        matches!(self, Self::V2025_11_25 | Self::V2026_07_28)
    }

    /// Whether a client can resume a stream. Streams of older revisions have no ids, because their clients fail on the event
    /// that opens a resumable stream.
    pub(crate) const fn has_resumable_streams(self) -> bool {
        matches!(self, Self::V2025_11_25)
    }

    /// Whether a message to the model may hold several contents.
    pub(crate) const fn has_several_contents(self) -> bool {
        matches!(self, Self::V2025_11_25 | Self::V2026_07_28)
    }

    /// Whether a POST may hold an array of messages.
    pub(crate) const fn has_batches(self) -> bool {
        matches!(self, Self::V2025_03_26)
    }
}

/// A value for each revision.
///
/// [`PerVersion::of`] matches every revision: one that is added without a value here does not compile.
#[derive(Debug, Default)]
pub(crate) struct PerVersion<T> {
    v2024_11_05: T,
    v2025_03_26: T,
    v2025_06_18: T,
    v2025_11_25: T,
    v2026_07_28: T,
}

impl<T> PerVersion<T> {
    /// Returns the value of `version`.
    pub(crate) const fn of(&self, version: ProtocolVersion) -> &T {
        match version {
            ProtocolVersion::V2024_11_05 => &self.v2024_11_05,
            ProtocolVersion::V2025_03_26 => &self.v2025_03_26,
            ProtocolVersion::V2025_06_18 => &self.v2025_06_18,
            ProtocolVersion::V2025_11_25 => &self.v2025_11_25,
            ProtocolVersion::V2026_07_28 => &self.v2026_07_28,
        }
    }
}

/// Returns whether a version header alone marks a request as modern: any date from 2026-07-28 on, known or not.
pub(crate) fn names_modern_era(date: &str) -> bool {
    // Only dates can be compared.
    let is_date = date.len() == 10
        && date
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    is_date && date >= ProtocolVersion::V2026_07_28.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_by_its_exact_date() {
        for version in ProtocolVersion::STREAMABLE_HTTP {
            assert_eq!(ProtocolVersion::parse(version.as_str()), Some(version));
        }
        for unknown in ["2024-11-05", "2026-07-28 ", "", "latest", "2027-01-01"] {
            assert_eq!(ProtocolVersion::parse(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn every_revision_has_a_code_of_its_own() {
        for version in ProtocolVersion::ALL {
            assert_eq!(ProtocolVersion::from_code(version.code()), Some(version));
        }
        assert_eq!(ProtocolVersion::from_code(0), None);
    }

    #[test]
    fn a_date_from_the_first_stateless_revision_on_is_modern() {
        for (date, modern) in [
            ("2026-07-28", true),
            ("2030-01-01", true),
            ("2025-11-25", false),
            ("v999.0.0", false),
            ("", false),
            ("2026-7-28", false),
        ] {
            assert_eq!(names_modern_era(date), modern, "{date}");
        }
    }
}
