//! `/account`: a person sees the apps that they have connected, and the owner sees those of everybody.

pub(crate) mod all_clients;
pub(crate) mod page;
pub(crate) mod session;
