//! TODO.

pub mod cookie;
pub mod counts;
pub mod discovery;
pub mod form;
pub mod json_object;
pub mod network;
pub mod origin;
pub mod redirect_uri;
pub mod web_url;
