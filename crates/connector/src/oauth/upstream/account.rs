//! Upstream accounts at the account page: what is listed there, and the end of one.

use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_oauth::grants::account_overview::AccountOverview;
use mcp_connector_oauth::grants::commands::Grants as _;
use mcp_connector_oauth::login::account_session::Session;
use mcp_connector_oauth::upstream::commands::DisconnectUpstream;
use mcp_connector_oauth::upstream::connection::UpstreamConnection;
use mcp_connector_oauth::upstream::name::UpstreamName;
use mcp_connector_oauth::web::form::Parameters;

use crate::http::route::connect_path;
use crate::oauth::browser_forms::required;
use crate::oauth::context::OAuthContext;
use crate::oauth::sign_in_error::SignInError;
use crate::oauth::upstream::revocation::revoke;
use crate::oauth::upstream::token_cache;
use crate::pages::account::notice::{Outcome, RevokedThere};
use crate::pages::account::upstreams::{UPSTREAM_FIELD, UpstreamEntry, UpstreamState};

/// Returns the entries of the account page: every declared service, and what is connected with one that is not declared any more.
pub(crate) fn entries<'a>(oauth: &'a OAuthContext<'_>, overview: &'a AccountOverview) -> Vec<UpstreamEntry<'a>> {
    let services = &oauth.app.upstreams;
    let declared = services.iter().map(|service| {
        let connected = overview.upstreams.iter().find(|connected| connected.upstream == service.name);
        UpstreamEntry {
            name: service.name.as_str(),
            title: &service.title,
            connect: service.access.is_ok().then(|| connect_path(service.name.as_str())),
            state: connected.map_or(UpstreamState::NotConnected, UpstreamState::of),
            hosts: &service.hosts,
        }
    });
    let others = overview.upstreams.iter().filter(|connected| services.find(connected.upstream.as_str()).is_none());
    let others = others.map(|connected| UpstreamEntry {
        name: connected.upstream.as_str(),
        title: connected.upstream.as_str(),
        connect: None,
        state: UpstreamState::of(connected),
        hosts: &[],
    });
    declared.chain(others).collect()
}

/// Ends the connection that a form names. Returns what was done, or none if the person has signed out everywhere.
pub(crate) async fn disconnect(
    oauth: &OAuthContext<'_>,
    session: &Session,
    form: &Parameters,
) -> Result<Option<Outcome>, SignInError> {
    let name = required(form, UPSTREAM_FIELD)?;
    let upstream = UpstreamName::parse(name).map_err(|_| SignInError::BrokenForm)?;
    let service = oauth.app.upstreams.find(upstream.as_str());
    token_cache::forget(session.subject(), &upstream);
    let command = DisconnectUpstream { signed_in_at: session.signed_in_at(), upstream: upstream.clone() };
    let Some(connection) = oauth.grants().ask(ObjectName::of(session.subject()), command).await? else {
        return Ok(None);
    };
    let revoked = match (service, connection) {
        (Some(service), Some(UpstreamConnection { tokens: Ok(tokens), .. })) => {
            revoke(service, session.subject(), &tokens, &oauth.secrets).await
        }
        (None, _) | (_, None | Some(UpstreamConnection { tokens: Err(_), .. })) => RevokedThere::No,
    };
    let service = service.map_or_else(|| upstream.to_string(), |service| service.title.clone());
    Ok(Some(Outcome::DisconnectedUpstream { service, revoked }))
}
