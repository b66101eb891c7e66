//! A host without a runtime, and decoders for the fuzz targets.

#[cfg(any(test, feature = "testing"))]
pub mod decoders;
#[cfg(test)]
pub(crate) mod test_client;
#[cfg(any(test, feature = "testing"))]
pub mod test_host;
