//! The redirect URIs that a person has allowed before, as digests.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use mcp_connector_base::timestamp::Timestamp;

use crate::web::redirect_uri::RedirectUri;

/// How long it is remembered that a redirect URI was allowed, in seconds since it was last allowed: a year.
pub(crate) const MEMORY: u64 = 365 * 24 * 3600;

/// A digest of a redirect URI. It is the same for all ports of one loopback URI (RFC 8252 §7.3), and for nothing else.
///
/// A digest has one length, so that a row stays small whatever clients register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedirectDigest([u8; 16]);

impl RedirectDigest {
    /// Returns the digest of a redirect URI.
    #[must_use]
    pub fn of(uri: &RedirectUri) -> Self {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(b"allowed redirect URI\0")
            .chain_update(uri.without_loopback_port().as_bytes())
            .finalize()
            .into();
        Self(digest.first_chunk().copied().unwrap_or_default())
    }

    /// Returns the digest of a redirect URI that was accepted once, whatever the policy is now. `None` if it is none.
    #[must_use]
    pub fn of_accepted(raw: &str) -> Option<Self> {
        RedirectUri::try_from(raw.to_owned()).ok().as_ref().map(Self::of)
    }
}

/// A redirect URI that a person has allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AllowedRedirect {
    pub(crate) digest: RedirectDigest,
    /// When it was last allowed, exact to about a day.
    pub(crate) at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::redirect_uri::RedirectPolicy;

    fn digest(uri: &str) -> RedirectDigest {
        RedirectDigest::of(&RedirectUri::parse(uri, &RedirectPolicy::default()).unwrap())
    }

    #[test]
    fn redirect_uris_are_alike_only_if_they_differ_in_the_port_of_a_loopback_host() {
        for (one, other, alike) in [
            ("http://127.0.0.1:5000/callback", "http://127.0.0.1:61000/callback", true),
            ("http://127.0.0.1/callback", "http://127.0.0.1:61000/callback", true),
            ("http://[::1]:1/cb", "http://[::1]:2/cb", true),
            ("http://localhost:1/cb?x=1", "http://localhost:2/cb?x=1", true),
            ("https://app.example/cb", "https://app.example/cb", true),
            ("http://127.0.0.1:5000/callback", "http://localhost:5000/callback", false),
            ("http://127.0.0.1:5000/callback", "http://[::1]:5000/callback", false),
            ("http://127.0.0.1:5000/callback", "https://127.0.0.1:5000/callback", false),
            ("http://127.0.0.1:5000/callback", "http://127.0.0.1:5000/callback/", false),
            ("http://127.0.0.1:5000/callback", "http://127.0.0.1:5000/Callback", false),
            ("http://127.0.0.1:5000/callback", "http://127.0.0.1:5000/callback?x=1", false),
            ("https://app.example/cb", "https://app.example:8443/cb", false),
            ("https://app.example/cb", "https://app.example/cb/", false),
            ("https://app.example/cb", "https://app.example/CB", false),
            ("https://app.example/cb", "https://app.example/cb?next=evil", false),
            ("https://app.example/cb", "https://app.example.evil.example/cb", false),
            ("https://app.example/cb", "https://sub.app.example/cb", false),
            ("https://app.example/cb", "https://evil.example/app.example/cb", false),
            ("https://app.example/cb", "https://xn--pp-xlb.example/cb", false),
            ("cursor://anysphere.cursor-mcp/oauth/callback", "claude://claude.ai/mcp-auth-callback/sdk", false),
        ] {
            assert_eq!(digest(one) == digest(other), alike, "{one} and {other}");
        }
    }

    #[test]
    fn a_stored_redirect_uri_has_the_digest_of_the_one_that_was_allowed() {
        for uri in
            ["https://app.example/cb", "http://127.0.0.1:5000/cb", "cursor://anysphere.cursor-mcp/oauth/callback"]
        {
            assert_eq!(RedirectDigest::of_accepted(uri), Some(digest(uri)), "{uri}");
        }
        assert_eq!(RedirectDigest::of_accepted("http://app.example/cb"), None);
    }
}
