//! What an identity provider says about the person of the grants.

pub mod renewal;
pub mod store;
pub mod stored_identity;
