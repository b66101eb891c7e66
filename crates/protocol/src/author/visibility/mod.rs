//! Which features a caller sees.

pub(crate) mod audience;
pub(crate) mod visible;
