//! HTTP: requests and answers, routes, and the checks before each route.

pub(crate) mod addresses;
pub(crate) mod answer;
pub(crate) mod cors;
pub(crate) mod discovery;
pub(crate) mod document;
pub(crate) mod document_cache;
pub(crate) mod domain_proof;
pub(crate) mod home;
pub(crate) mod incoming;
pub(crate) mod key_header;
pub(crate) mod limit;
pub(crate) mod navigation;
pub(crate) mod request_guard;
pub(crate) mod route;
pub(crate) mod site;
pub(crate) mod web_origins;
pub(crate) mod well_known;
