//! Access tokens, access keys, and the grants behind them.

pub(crate) mod access_keys;
pub(crate) mod access_tokens;
pub(crate) mod external_issuer;
pub(crate) mod grant_checks;
pub(crate) mod grant_source;
pub(crate) mod key_sets;
pub(crate) mod signatures;
pub(crate) mod verified_tokens;
