//! Files of people: sealed links by which they are uploaded and downloaded, and the R2 bucket in which they are kept.
//!
//! A file never passes the model and is never held as a whole: the runtime moves its bytes, or they are read in parts.

pub(crate) mod bucket;
pub(crate) mod byte_reader;
pub(crate) mod disposition;
pub(crate) mod downloads;
pub(crate) mod endpoint;
pub(crate) mod links;
pub(crate) mod size;
pub(crate) mod stored_file;
pub(crate) mod uploads;
