//! A host without a runtime, and decoders for the fuzz targets.

pub mod decoders;
#[cfg(test)]
pub(crate) mod test_client;
pub mod test_host;
