//! What has access for a person, as the account page lists it.

use serde::{Deserialize, Serialize};

use mcp_connector_base::profile::Profile;

use crate::grants::access_keys::summary::AccessKeySummary;
use crate::grants::assertions::ends::AssertionEnds;
use crate::grants::summary::GrantSummary;
use crate::login::passkeys::registered_passkeys::PasskeySummary;
use crate::login::remembered::remembered_browser::RememberedBrowser;
use crate::upstream::summary::UpstreamSummary;

/// What has access for a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountOverview {
    /// The live grants, the last used first.
    pub grants: Vec<GrantSummary>,
    /// The valid access keys, the newest first.
    pub keys: Vec<AccessKeySummary>,
    /// The remembered browsers, the last used first.
    pub browsers: Vec<RememberedBrowser>,
    /// The passkeys, the oldest first.
    pub passkeys: Vec<PasskeySummary>,
    /// The upstream accounts, by the names of their services.
    pub upstreams: Vec<UpstreamSummary>,
    /// What the identity provider last said about the person, if it is known.
    pub profile: Option<Profile>,
    /// What the owner of this server has ended of the person, and trusted issuers do not admit again.
    pub assertion_ends: AssertionEnds,
}
