//! An access that a person gave, as the owner of this server sees it, also after its end.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::{ClientId, GrantId};
use mcp_connector_base::row::Row;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

use crate::grants::access_keys::stored_key::StoredKey;
use crate::grants::ended::{EndReason, Ended};
use crate::grants::grant::Grant;
use crate::grants::limits::Limits;
use crate::login::admission::AdmissionPolicy;
use crate::resource::protected_resource::Resource;

/// An access: a grant, or an access key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRecord {
    pub id: GrantId,
    pub origin: AccessOrigin,
    /// The name that the client gave itself, or that the person gave the key. It is not verified.
    pub name: Option<String>,
    pub resource: Resource,
    pub scope: ScopeSet,
    pub began_at: Timestamp,
    /// The last refresh or assertion, or the day on which the key was last used.
    pub used_at: Option<Timestamp>,
    pub end: AccessEnd,
}

/// How somebody got access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessOrigin {
    /// The person signed in and allowed a client, which got the code at this redirect URI.
    SignIn { client_id: ClientId, redirect_uri: String },
    /// An assertion of this trusted issuer.
    Assertion { client_id: ClientId, issuer: String },
    /// The person made an access key.
    Key,
}

/// Until when an access lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessEnd {
    /// It lasts, until then at most unless it is used.
    Until(Timestamp),
    /// It would last until then, but the settings do not admit it.
    NotAdmitted(Timestamp),
    Expired(Timestamp),
    Ended(Ended),
}

/// The row of an access that has ended.
impl Row for AccessRecord {
    const VERSION: u8 = 1;
}

impl AccessRecord {
    /// Returns the record of a grant. `is_admitted` says whether the settings admit it.
    pub(in crate::grants) fn of_grant(grant: &Grant, limits: &Limits, is_admitted: bool, now: Timestamp) -> Self {
        let agreed = grant.authorization();
        let client_id = agreed.client_id.clone();
        Self {
            id: grant.id(),
            origin: match agreed.asserted_by() {
                Some(issuer) => AccessOrigin::Assertion { client_id, issuer: issuer.to_owned() },
                None => AccessOrigin::SignIn { client_id, redirect_uri: agreed.redirect_uri.clone() },
            },
            name: agreed.client_name.clone(),
            resource: agreed.resource.clone(),
            scope: agreed.scope.clone(),
            began_at: grant.created_at(),
            used_at: Some(grant.used_at()),
            end: match grant.ended() {
                Some(ended) => AccessEnd::Ended(ended),
                None => AccessEnd::at(grant.expires(limits), is_admitted, now),
            },
        }
    }

    /// Returns the record of an access key.
    pub(in crate::grants) fn of_key(
        key: &StoredKey,
        policy: &AdmissionPolicy,
        is_admitted: bool,
        now: Timestamp,
    ) -> Self {
        Self { end: AccessEnd::at(key.ends_at(policy), is_admitted, now), ..Self::of_ended_key(key, now, None) }
    }

    /// Returns the record of an access key that has ended now; by itself, if there is no reason.
    pub(in crate::grants) fn of_ended_key(key: &StoredKey, now: Timestamp, reason: Option<EndReason>) -> Self {
        Self {
            id: key.id(),
            origin: AccessOrigin::Key,
            name: Some(key.name().to_string()),
            resource: key.resource().clone(),
            scope: key.scope().clone(),
            began_at: key.created_at(),
            used_at: key.used_on(),
            end: match reason {
                Some(reason) if now < key.expires() => AccessEnd::Ended(Ended { at: now, reason }),
                Some(_) | None => AccessEnd::Expired(key.expires()),
            },
        }
    }
}

impl AccessEnd {
    const fn at(expires: Timestamp, is_admitted: bool, now: Timestamp) -> Self {
        if now.as_seconds() >= expires.as_seconds() {
            Self::Expired(expires)
        } else if is_admitted {
            Self::Until(expires)
        } else {
            Self::NotAdmitted(expires)
        }
    }
}

#[cfg(test)]
mod tests {
    use mcp_connector_base::test_storage_compat::assert_storage_compat;

    use super::*;

    const AT: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const SIGN_IN: &str = "\
        ARA2MTYyNjM2NDY1NjY2NzY4AANhcHAeaHR0cDovLzEyNy4wLjAuMTo1MDAwL2NhbGxiYWNrAQNBcHAYaHR0cHM6Ly9ob3N0LmV4\
        YW1wbGUvbWNwEm5vdGVzOnJlYWQgcHJvZmlsZYCkp9oGAbykp9oGA9qkp9oGBg";
    const ASSERTION: &str = "\
        ARA2MTYyNjM2NDY1NjY2NzY4AQNhcHAUaHR0cHM6Ly9hY21lLmV4YW1wbGUBA0FwcBhodHRwczovL2hvc3QuZXhhbXBsZS9tY3AS\
        bm90ZXM6cmVhZCBwcm9maWxlgKSn2gYBvKSn2gYC2qSn2gY";
    const KEY: &str = "\
        ARA2MTYyNjM2NDY1NjY2NzY4AgEDQXBwGGh0dHBzOi8vaG9zdC5leGFtcGxlL21jcBJub3RlczpyZWFkIHByb2ZpbGWApKfaBgG8\
        pKfaBgHapKfaBg";

    fn record(origin: AccessOrigin, end: AccessEnd) -> AccessRecord {
        AccessRecord {
            id: GrantId::from_bytes(*b"abcdefgh"),
            origin,
            name: Some("App".to_owned()),
            resource: Resource::parse("https://host.example/mcp").unwrap(),
            scope: ScopeSet::parse("notes:read profile").unwrap(),
            began_at: AT,
            used_at: Some(AT.plus(60)),
            end,
        }
    }

    #[test]
    fn the_row_of_an_access_that_has_ended_is_read_as_recorded() {
        let client_id = || ClientId::new("app").unwrap();
        let redirect_uri = "http://127.0.0.1:5000/callback".to_owned();
        let ended = AccessEnd::Ended(Ended { at: AT.plus(90), reason: EndReason::Owner });
        for (origin, end, row) in [
            (AccessOrigin::SignIn { client_id: client_id(), redirect_uri }, ended, SIGN_IN),
            (
                AccessOrigin::Assertion { client_id: client_id(), issuer: "https://acme.example".to_owned() },
                AccessEnd::Expired(AT.plus(90)),
                ASSERTION,
            ),
            (AccessOrigin::Key, AccessEnd::NotAdmitted(AT.plus(90)), KEY),
        ] {
            assert_storage_compat(&record(origin, end), &[row]);
        }
    }
}
