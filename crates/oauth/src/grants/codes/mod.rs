//! Authorization codes (RFC 6749 §4.1): how one is issued, stored and redeemed.

pub mod authorization_code;
pub mod issue_code;
pub mod pending_code;
pub mod redemption;
