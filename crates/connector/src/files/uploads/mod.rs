//! Uploads: from the body of a request to the bucket.

pub(crate) mod content;
pub(crate) mod form;
pub(crate) mod part_writer;
pub(crate) mod pieces;
pub(crate) mod upload;
pub(crate) mod upload_error;
pub(crate) mod upload_use;
