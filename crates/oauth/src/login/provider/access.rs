//! What Cloudflare Access says about a person in its `get-identity` endpoint, beside the assertion of the request: the groups of the
//! identity provider behind it, and its other claims.

use mcp_connector_base::profile::{EmailSource, Profile};

use crate::external_issuer::identity_claims::IdentityClaims;
use crate::login::provider::error::LoginError;
use crate::login::provider::response::ProviderResponse;

/// Adds the answer of `get-identity` to what the assertion says.
///
/// # Errors
///
/// The answer is not an object, or about another address.
pub fn with_access_identity(answer: &[u8], kept: &IdentityClaims, asserted: Profile) -> Result<Profile, LoginError> {
    let identity = ProviderResponse::read(answer)?;
    if identity.text("email") != asserted.email() {
        return Err(LoginError::InvalidResponse("another person"));
    }
    let email = asserted.email().map(|email| (email, EmailSource::Provider));
    let claims = identity.0.as_object().cloned().unwrap_or_default();
    Ok(kept.profile(&claims, email).completed_by(asserted))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cloudflare_access_tells_groups_and_claims_of_the_same_person_only() {
        let kept = IdentityClaims::parse("groups team custom.level").unwrap();
        let team = json!("tools");
        let asserted = Profile::default()
            .with_email(Some("jane@example.com"), EmailSource::Provider)
            .with_claims([("team", &team)]);
        assert!(kept.are_missing_from(&asserted) && !IdentityClaims::default().are_missing_from(&asserted));
        let answer = json!({
            "email": "jane@example.com", "name": "Jane", "custom": {"level": 3},
            "groups": [{"id": "1", "name": "staff"}, {"id": "2", "name": "tools"}],
        });
        let profile = with_access_identity(answer.to_string().as_bytes(), &kept, asserted.clone()).unwrap();
        assert_eq!((profile.groups(), profile.name()), (&["staff".to_owned(), "tools".to_owned()][..], Some("Jane")));
        assert_eq!(profile.claim::<String>("team").as_deref(), Some("tools"), "of the assertion");
        assert_eq!(profile.claim::<u8>("custom.level"), Some(3));
        for answer in [json!({"email": "bob@example.com"}), json!({}), json!([])] {
            assert!(with_access_identity(answer.to_string().as_bytes(), &kept, asserted.clone()).is_err(), "{answer}");
        }
    }
}
