//! The parameters of an authorization request, where this server is the client.

/// The parameters of an authorization request (RFC 6749 §4.1.1) that a client sets itself, so that nobody who configures it may: where this
/// server is the client of an identity provider or of an upstream service.
pub const OWN_PARAMETERS: [&str; 11] = [
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
];
