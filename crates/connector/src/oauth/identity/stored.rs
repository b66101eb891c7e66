//! What an identity provider has said about a person who has signed in, as it is stored beside their grants.

use mcp_connector_oauth::grants::identity::stored_identity::StoredIdentity;
use mcp_connector_oauth::login::person::Person;

use crate::oauth::context::OAuthContext;

/// Returns the row of a person who has just signed in; none with the passphrase.
pub(crate) fn stored(oauth: &OAuthContext<'_>, person: &Person) -> Option<StoredIdentity> {
    let (identity, provider) = (person.identity.as_ref()?, oauth.configuration().provider.as_ref()?);
    let (binding, keys) = (provider.binding(&person.subject), oauth.secrets.keys().storage());
    let claims = oauth.configuration().identity_claims.version();
    Some(StoredIdentity::new(identity, claims, &binding, keys, &oauth.entropy, oauth.now))
}
