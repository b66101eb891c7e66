//! TODO.

pub mod account_session;
pub mod admission;
pub mod identity;
pub mod login_form;
pub mod passphrase;
pub mod provider_error;
pub mod provider_metadata;
pub mod provider_state;
pub mod throttle;
pub mod unlisted;
