//! Why a file was not taken.

use thiserror::Error;

use mcp_connector_protocol::Unavailable;

use crate::files::bucket::BucketError;
use crate::files::size::words;

/// Why a file was not taken. None of it is stored.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum UploadError {
    #[error("The file is larger than this link takes: at most {0} bytes.")]
    TooLarge(u64),
    #[error("This link takes only files of these types: {0}. Send the type as Content-Type.")]
    Type(String),
    /// A compressed body has a length that says nothing.
    #[error("The body is compressed. Send it without Content-Encoding.")]
    Encoded,
    #[error("The upload took too long. Nothing of it was kept: try again over a faster connection.")]
    TooSlow,
    #[error("The upload broke off before the file was complete. Nothing of it was kept: try again.")]
    Broken,
    #[error("No file was chosen.")]
    NoFile,
    #[error("A form with exactly one file was expected.")]
    Form,
    #[error(
        "This link was used already, or is being used at this moment. Each link takes one file: ask for a new one."
    )]
    Used,
    #[error("This link was tried too often. Ask for a new one.")]
    TooOften,
    #[error("Too many files arrive at once. Try again in a moment.")]
    Busy,
    #[error("Storage does not answer. Nothing was kept: try again in a moment.")]
    Unavailable,
}

impl UploadError {
    /// Returns the HTTP status that says so.
    pub(crate) const fn status(&self) -> u16 {
        match self {
            Self::TooLarge(_) => 413,
            Self::Type(_) | Self::Encoded => 415,
            Self::TooSlow => 408,
            Self::Broken | Self::NoFile | Self::Form => 400,
            Self::Used => 409,
            Self::TooOften => 429,
            Self::Busy | Self::Unavailable => 503,
        }
    }

    /// Returns what a person reads, who has chosen a file in a form.
    pub(crate) fn for_person(&self) -> String {
        match self {
            Self::TooLarge(most) => format!("This file is too large. The limit is {}.", words(*most)),
            Self::Type(types) => format!("This type of file is not accepted. This link takes only {types}."),
            Self::Encoded
            | Self::TooSlow
            | Self::Broken
            | Self::NoFile
            | Self::Form
            | Self::Used
            | Self::TooOften
            | Self::Busy
            | Self::Unavailable => self.to_string(),
        }
    }

    /// Returns whether the same upload may succeed in a moment.
    pub(crate) const fn is_passing(&self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable)
    }
}

impl From<BucketError> for UploadError {
    fn from(BucketError: BucketError) -> Self {
        Self::Unavailable
    }
}

impl From<Unavailable> for UploadError {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Unavailable
    }
}
