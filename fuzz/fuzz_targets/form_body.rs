//! A body of `application/x-www-form-urlencoded`.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_oauth::web::form::{Parameters, with_query};

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let Ok(parameters) = Parameters::parse(input) else { return false };
    let Ok(Some(code)) = parameters.get("code") else { return false };
    let written = with_query("", &[("code", code)]);
    let again = Parameters::parse(written.trim_start_matches('?').as_bytes());
    assert!(again.is_ok_and(|again| again.get("code") == Ok(Some(code))), "what is written is read again as the same");
    true
}
