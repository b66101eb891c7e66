//! A browser in which the owner has signed in before.

use serde::{Deserialize, Serialize};

use mcp_connector_base::random::Random;

use crate::crypto::seal::Sealable;
use crate::web::request_source::RequestSource;

/// A browser in which the owner has signed in before: the content of a sealed cookie that is bound to the passphrase.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownBrowser {
    id: String,
}

impl Sealable for KnownBrowser {
    const PURPOSE: &'static str = "known-browser";
}

impl KnownBrowser {
    /// Creates the identity of a browser.
    #[must_use]
    pub fn new(random: &impl Random) -> Self {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        Self { id: format!("{:032x}", u128::from_be_bytes(bytes)) }
    }

    /// Returns the key under which the attempts of this browser are counted.
    #[must_use]
    pub fn source(&self) -> RequestSource {
        RequestSource::known_browser(&self.id)
    }
}
