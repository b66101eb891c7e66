//! What OAuth needs of HTTP: URLs and redirect URIs, forms, cookies, networks, and the metadata of another issuer.

pub mod allowed_clients;
pub mod cookie;
pub mod counts;
pub mod discovery;
pub mod form;
pub mod host;
pub mod json_object;
pub mod network;
pub mod origin;
pub mod redirect_uri;
pub mod request_source;
pub mod web_url;
