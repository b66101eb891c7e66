//! Client ID Metadata Documents (draft-ietf-oauth-client-id-metadata-document): a client whose identifier is an https URL.

pub mod cache;
pub mod client_id_url;
pub mod document;
pub mod fetch_limits;
pub mod known_clients;
