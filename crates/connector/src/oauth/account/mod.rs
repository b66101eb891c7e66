//! `/account`: a person sees the apps that they have connected, and the owner sees those of everybody.

pub(crate) mod access_keys;
pub(crate) mod actions;
pub(crate) mod browsers;
pub(crate) mod clients;
mod csv;
pub(crate) mod destination;
pub(crate) mod export;
pub(crate) mod page;
pub(crate) mod passkeys;
pub(crate) mod people;
pub(crate) mod protected_action;
pub(crate) mod reauthentication;
pub(crate) mod routes;
pub(crate) mod session;
pub(crate) mod sign_in;
