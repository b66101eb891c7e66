//! Rows, messages and sealed values in their binary encoding. What decodes can be encoded and decoded again.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_base::codec::{decode, encode};
use mcp_connector_base::row::Row;
use mcp_connector_oauth::authorize::consent::ConsentedRequest;
use mcp_connector_oauth::crypto::keys::master::MasterKey;
use mcp_connector_oauth::grants::codes::pending_code::PendingCode;
use mcp_connector_oauth::grants::codes::redemption::{RedeemError, Redeemed, Redemption};
use mcp_connector_oauth::grants::commands::{CheckGrants, EndGrants, RevokeToken, StoreCode};
use mcp_connector_oauth::grants::grant::Grant;
use mcp_connector_oauth::grants::refresh::request::{RefreshRequest, Refreshed};
use mcp_connector_oauth::login::throttle::Throttle;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    fn again<T: serde::Serialize + serde::de::DeserializeOwned>(input: &[u8]) {
        if let Ok(value) = decode::<T>(input) {
            let written = encode(&value).unwrap_or_default();
            assert!(decode::<T>(&written).is_ok(), "what is written is read again");
        }
    }
    fn row<T: Row>(input: &[u8]) {
        if let Ok(value) = T::from_row(input) {
            let written = value.to_row().unwrap_or_default();
            assert!(T::from_row(&written).is_ok(), "what is written is read again");
        }
    }
    row::<Grant>(input);
    row::<PendingCode>(input);
    row::<Throttle>(input);
    again::<StoreCode>(input);
    again::<Redemption>(input);
    again::<RefreshRequest>(input);
    again::<RevokeToken>(input);
    again::<CheckGrants>(input);
    again::<EndGrants>(input);
    again::<Result<Redeemed, RedeemError>>(input);
    again::<Refreshed>(input);
    again::<ConsentedRequest>(input);
    let _ = MasterKey::from_stored(input);
    true
}
