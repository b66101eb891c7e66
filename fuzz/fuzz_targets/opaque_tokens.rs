//! Authorization codes, refresh tokens and access keys. None is accepted without a valid MAC.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_fuzz::{key_ring, text};
use mcp_connector_oauth::grants::access_keys::access_key::AccessKey;
use mcp_connector_oauth::grants::codes::authorization_code::AuthorizationCode;
use mcp_connector_oauth::grants::refresh::refresh_token::RefreshToken;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    assert!(AuthorizationCode::parse(text(input), key_ring().routing()).is_err(), "nobody guesses a MAC");
    assert!(AccessKey::parse(text(input), key_ring().routing()).is_err(), "nobody guesses a MAC");
    assert!(RefreshToken::parse(text(input), key_ring().routing()).is_err(), "nobody guesses a MAC");
    true
}
