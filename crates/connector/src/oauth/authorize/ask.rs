//! A client's request (RFC 6749 §4.1.1), which is answered with the consent page.

use mcp_connector_oauth::authorize::authorization_request::AuthorizationQuery;
use mcp_connector_oauth::authorize::authorization_request::error::PageError;
use mcp_connector_oauth::clients::client::ClientStatus;

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::oauth::answers::see_other;
use crate::oauth::authorize::{code, consent};
use crate::oauth::browser_forms::{browser, seal};
use crate::oauth::clients::lookup;
use crate::oauth::clients::lookup::Described;
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::allowed_scopes;
use crate::oauth::sign_in_error::SignInError;
use crate::outbound::outbound_request;

/// Answers a client's request with the consent page. It changes nothing and may be repeated.
pub(crate) async fn asked(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let query = AuthorizationQuery::parse(incoming.query())?;
    // Another server like this one asks for the description of a client. If two of them, or two names of one, asked
    // each other, a request would go in circles as often as its URL has room for.
    if incoming.header("user-agent").is_some_and(|agent| outbound_request::is_of_our_kind(&agent)) {
        return Err(PageError::UnknownClient.into());
    }
    // Before its document is fetched: no request goes to a host that is not allowed.
    if !oauth.configuration().policy.rules.clients.admits_id(query.client_id()) {
        return Err(PageError::ClientNotAllowed.into());
    }
    let (client, status) = match lookup::described(oauth, query.client_id(), &incoming.network()).await? {
        Described::Client(client) => (client, ClientStatus::Active),
        Described::Ended(client) => (client, ClientStatus::Ended),
        Described::Unknown => return Err(PageError::UnknownClient.into()),
    };
    incoming.request_log().client(&client.id);
    let trusted = query.for_client(&client, &oauth.configuration().redirect_policy)?;
    let request = match trusted.check(oauth.app.audiences(oauth.site), &oauth.entropy) {
        Ok(request) => allowed_scopes::offered(oauth, request),
        Err(refusal) => {
            incoming.request_log().reason(refusal.error().to_string());
            return Ok(see_other(refusal.location(&oauth.site.issuer)));
        }
    };
    if status == ClientStatus::Ended {
        return Err(code::ended(oauth, request.response_target()));
    }
    let (browser, cookies) = browser(oauth, incoming);
    let sealed = seal(oauth, &request, &browser)?;
    Ok(consent::page(oauth, incoming, &request, sealed.as_str()).await.with_cookies(cookies))
}
