//! `/account`: what a person has connected, and forms to end it. Each section of the page is a file of its own, drawn with
//! [`components`](crate::pages::components); [`page`] puts them in their order.

pub(crate) mod access_key_made;
pub(crate) mod access_keys;
pub(crate) mod action;
pub(crate) mod apps;
pub(crate) mod browsers;
pub(crate) mod clients;
pub(crate) mod export;
pub(crate) mod new_passkey;
pub(crate) mod notice;
pub(crate) mod page;
pub(crate) mod passkeys;
pub(crate) mod people;
pub(crate) mod person;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod upstreams;
