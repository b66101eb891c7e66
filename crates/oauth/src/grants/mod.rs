//! The grants of one subject: what a person agreed to, and the codes and refresh tokens that come of it (OAuth 2.1 §4.1 and §4.3,
//! RFC 9700 §4.14).
//!
//! The decisions are pure functions from rows, a request and the time to new rows and an answer:
//!
//! * [`grant`] decides about refresh tokens by their [`rotation`](refresh::rotation), [`codes`] about authorization codes,
//!   [`access_keys`] about access keys, [`assertions`] about what other servers assert.
//! * [`grant_store`] applies the decisions to the [`rows`] of one subject. Each of its functions is one transaction.
//! * [`commands`] are how the endpoints reach the grant store of a subject.

pub mod access_keys;
pub mod account_overview;
pub mod assertions;
pub mod authorization;
pub mod checked;
pub mod codes;
pub mod commands;
pub mod ended;
pub mod grant;
pub mod grant_store;
pub mod history;
pub mod identity;
pub mod limits;
#[cfg(test)]
pub(crate) mod model_tests;
pub mod owner;
pub mod refresh;
pub mod revoked;
pub mod room;
pub mod rows;
#[cfg(test)]
mod rule_tests;
pub mod sign_in;
pub mod summary;
mod version_1;
mod version_2;
