//! The grants of one subject: what was consented to, and the codes and refresh tokens that come of it (OAuth 2.1 §4.1 and
//! §4.3, RFC 9700 §4.14). The decisions are pure: rows, a request and a moment in, new rows and an answer out.
//!
//! * [`Grant`] decides about refresh tokens by its [`Rotation`], [`PendingCode`] about codes.
//! * [`GrantStore`] applies the decisions to the [`Rows`] of one subject. Whoever keeps the rows runs each of its functions as one
//!   transaction, without waiting for anything in between.
//! * [`Grants`] is how the endpoints reach the ledger of a subject: by messages, [`Call`] and [`Reply`].

pub mod authorization_code;
pub mod grant;
pub mod grant_store;
#[cfg(test)]
pub mod memory_rows;
pub mod message;
#[cfg(test)]
pub mod model_tests;
pub mod pending_code;
pub mod refresh_token;
pub mod rotation;
#[cfg(test)]
pub mod rule_tests;
pub mod version_1;

pub use grant::{
    Authorization, Displaced, EndReason, Ended, Grant, Limits, Refresh, RefreshDecision, RefreshRefusal, Renewal, Retry,
};
pub use grant_store::{CodeRefusal, GrantStore, RedeemRefusal, Redeemed, Refreshed, Revoked, Rows, UseToEnter};
pub use message::{AccountAction, Call, GrantSummary, Grants, Reply};
pub use pending_code::{Mismatch, PendingCode, Redemption};
pub use rotation::{Rotation, Use};
