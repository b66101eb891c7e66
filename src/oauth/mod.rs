//! The authorization server and the bearer check.
//!
//! Nothing here names a Workers type, reads a clock or draws randomness: the edge hands in what time it is ([`Timestamp`]), and
//! whatever is random comes from a [`Random`].

pub mod access_token;
pub mod account;
pub mod admission;
pub mod authorize;
pub mod bearer;
pub mod challenge;
pub mod client;
pub mod client_authentication;
pub mod client_directory;
pub mod client_id;
pub mod client_id_metadata;
pub mod client_record;
pub mod code;
pub mod compact;
pub mod consent;
pub mod cookie;
pub mod counts;
pub mod document_cache;
pub mod document_limits;
pub mod external;
pub mod form;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzz;
pub mod grants;
pub mod identity;
#[cfg(test)]
mod kept;
pub mod keys;
pub mod known_clients;
pub mod login_form;
pub mod metadata;
pub mod network;
mod object;
pub mod opaque;
pub mod origin;
pub mod outage;
pub mod passphrase;
pub mod pkce;
pub mod pre_registered;
pub mod prompt;
pub mod provider_error;
pub mod provider_metadata;
pub mod provider_state;
pub mod redirect_uri;
pub mod refresh_token;
pub mod registration;
pub mod resource;
pub mod revocation;
pub mod row;
pub mod scope_catalogue;
pub mod seal;
pub mod sign_in;
#[cfg(test)]
mod testing;
pub mod throttle;
mod timestamp;
pub mod token;
pub mod unlisted;
pub mod verified_tokens;
pub mod web_url;

pub use timestamp::{Random, Timestamp};
