//! Which era a message belongs to: by its body first, and by its headers second ("Versioning").

use crate::transport::headers;
use crate::transport::headers::{RequestHeaders, trimmed};
use crate::transport::legacy::NamedVersion;
use crate::transport::reply::Reply;
use crate::transport::response::Response;
use crate::types::version::{Era, names_modern_era};

/// Returns the era of a request without a body, by its version header.
///
/// # Errors
///
/// The refusal of a version that this server does not speak.
pub fn era(headers: &impl RequestHeaders) -> Result<Era, Reply> {
    match NamedVersion::of(headers) {
        Ok(_) => Ok(Era::Legacy),
        Err(_) if names_modern(headers) => Ok(Era::Modern),
        Err(error) => Err(Response::error(None, &error, 400).into()),
    }
}

/// Returns whether the version header names a revision from 2026-07-28 on.
pub(crate) fn names_modern(headers: &impl RequestHeaders) -> bool {
    headers.get(headers::PROTOCOL_VERSION).is_some_and(|header| names_modern_era(trimmed(&header)))
}
