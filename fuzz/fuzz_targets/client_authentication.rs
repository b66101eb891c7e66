//! An `Authorization` header and, in the next line, the body of a token request: how the client authenticates.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_fuzz::text;
use mcp_connector_oauth::clients::client_authentication::PresentedClient;
use mcp_connector_oauth::web::form::Parameters;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let (header, body) = text(input).split_once('\n').unwrap_or_default();
    let Ok(body) = Parameters::parse(body.as_bytes()) else { return false };
    PresentedClient::parse(Some(header).filter(|header| !header.is_empty()), &body).is_ok()
}
