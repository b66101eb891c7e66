//! Links: what they hold, who may use them, and the keys of the files that they are about.

pub(crate) mod access;
pub(crate) mod file_key;
pub(crate) mod handler_files;
pub(crate) mod link;
