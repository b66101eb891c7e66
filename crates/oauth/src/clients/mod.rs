//! TODO.

pub mod client;
pub mod client_authentication;
pub mod client_directory;
pub mod client_id;
pub mod client_id_metadata;
pub mod client_record;
pub mod document_cache;
pub mod document_limits;
pub mod known_clients;
pub mod pre_registered;
pub mod registration;
