//! Where a person is led who is to connect an upstream account, and has to sign in here first.

use serde::{Deserialize, Serialize};

use crate::upstream::name::UpstreamName;

/// The page on which a person connects an upstream account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectTarget {
    pub upstream: UpstreamName,
    /// The mark of the link that led there; it has not been checked.
    pub mark: Option<String>,
}
