//! Who had access and until when: what the owner of this server exports.

pub mod record;
pub mod store;
