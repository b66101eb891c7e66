//! OAuth clients (RFC 6749 §2): registered dynamically (RFC 7591), described by a metadata document, or named in the configuration.

pub mod client;
pub mod client_assertion;
pub mod client_authentication;
pub mod client_hash;
pub mod client_id;
pub mod client_keys;
pub mod client_record;
pub mod client_summary;
pub mod metadata_document;
pub mod pre_registered;
pub mod registration;
pub mod resolver;
