//! The grants of one subject: what was consented to, and the codes and refresh tokens that come of it (OAuth 2.1 §4.1 and
//! §4.3, RFC 9700 §4.14). The decisions are pure: rows, a request and a moment in, new rows and an answer out.
//!
//! * [`Grant`] decides about refresh tokens by its [`Rotation`], [`PendingCode`] about codes.
//! * [`Ledger`] applies the decisions to the [`Rows`] of one subject. Whoever keeps the rows runs each of its functions as one
//!   transaction, without waiting for anything in between.
//! * [`Grants`] is how the endpoints reach the ledger of a subject: by messages, [`Call`] and [`Reply`].

mod code;
mod grant;
#[cfg(test)]
mod histories;
mod ledger;
#[cfg(test)]
pub(super) mod memory;
mod message;
mod rotation;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails")]
mod rules;
mod version_1;

pub use code::{Mismatch, PendingCode, Redemption};
pub use grant::{
    Authorization, Displaced, EndReason, Ended, Grant, Limits, Refresh, RefreshDecision, RefreshRefusal, Renewal, Retry,
};
pub use ledger::{CodeRefusal, Ledger, RedeemRefusal, Redeemed, Refreshed, Revoked, Rows, UseToEnter};
pub use message::{Call, GrantSummary, Grants, Reply, Wish};
pub use rotation::{Rotation, Use};
