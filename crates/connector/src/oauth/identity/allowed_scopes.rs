//! Which of the scopes that a client asks for the roles of the person allow, and whether the person may use the endpoint at all.

use mcp_connector_base::identifier::Subject;
use mcp_connector_oauth::authorize::authorization_request::AuthorizationRequest;
use mcp_connector_oauth::authorize::authorization_request::error::AuthorizationError;
use mcp_connector_oauth::authorize::consent::ConsentedRequest;
use mcp_connector_oauth::login::person::Person;

use crate::oauth::context::OAuthContext;
use crate::oauth::identity::settings::OWNER_SUBJECT;
use crate::oauth::sign_in_error::SignInError;

/// Returns the request with the scopes that the person may have, for the consent page. Who they are is known before they sign in only
/// with the passphrase, which has one owner. Elsewhere the roles are applied after the sign-in.
pub(crate) fn offered(oauth: &OAuthContext<'_>, request: AuthorizationRequest) -> AuthorizationRequest {
    if oauth.configuration().provider.is_some() {
        return request;
    }
    let Ok(owner) = Subject::new(OWNER_SUBJECT) else { return request };
    let withheld = oauth.secrets.roles().withheld(&owner, None);
    let offered = request.narrowed_to(|name| !withheld.contains_name(name));
    // Where nothing is left, the person is told so after the sign-in.
    if offered.scopes().is_empty() { request } else { offered }
}

/// Refuses a person who has none of the groups that the endpoint requires, or whose roles allow nothing of what they have consented to.
pub(crate) fn check(
    oauth: &OAuthContext<'_>,
    consented: &ConsentedRequest,
    person: &Person,
) -> Result<(), SignInError> {
    let request = consented.request();
    let profile = person.identity.as_ref().map(|identity| &identity.profile);
    if !oauth.configuration().policy.rules.groups.admits(request.resource(), profile) {
        let back = request.response_target().error_location(AuthorizationError::NoGroup, &oauth.site.issuer);
        return Err(SignInError::NoGroup { back });
    }
    let allowed = oauth.secrets.roles().allowed(request.scopes(), &person.subject, profile);
    if allowed.is_empty() && !request.scopes().is_empty() {
        let back = request.response_target().error_location(AuthorizationError::NotAllowed, &oauth.site.issuer);
        return Err(SignInError::NoRole { back });
    }
    Ok(())
}
