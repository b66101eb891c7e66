//! The metadata of an external issuer (RFC 8414 §3, OpenID Connect Discovery §4), from the first of its URLs that has it.

use std::fmt::Display;

use mcp_connector_oauth::web::discovery::ExternalIssuer;

use crate::outbound::outbound_request::OutboundRequest;

/// Fetches the metadata of an issuer, and returns what `parse` makes of it.
///
/// # Errors
///
/// No URL has metadata that can be used. The text is for the log: each URL and why, without anything of an answer.
pub(crate) async fn fetch<T, E: Display>(
    issuer: &ExternalIssuer,
    limit: usize,
    parse: impl Fn(&[u8]) -> Result<T, E>,
) -> Result<T, String> {
    let mut reasons = Vec::new();
    for url in issuer.metadata_urls() {
        let reason = match OutboundRequest::get(&url).document(limit).await {
            Ok(document) => match parse(&document.body) {
                Ok(metadata) => return Ok(metadata),
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        reasons.push(format!("{url}: {reason}"));
    }
    Err(reasons.join("; "))
}
