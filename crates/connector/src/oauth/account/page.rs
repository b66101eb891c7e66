//! `/account`: a person sees the apps that they have connected, and what else is theirs.

use std::collections::BTreeMap;

use mcp_connector_base::identifier::ClientId;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::authorize::consent::NameSource;
use mcp_connector_oauth::clients::resolver::ResolvedClient;
use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_oauth::grants::commands::{Grants as _, ListGrants};
use mcp_connector_oauth::grants::summary::GrantSummary;
use mcp_connector_oauth::web::web_url::WebUrl;

use crate::config::configuration::Configuration;
use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::route::{ACCOUNT_CLIENTS_PATH, ACCOUNT_PATH, ACCOUNT_PEOPLE_PATH};
use crate::oauth::account::destination::{connector_of, destination};
use crate::oauth::account::session::{notice, session, signed_out};
use crate::oauth::account::{access_keys, browsers, passkeys, sign_in};
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::passkey;
use crate::oauth::sign_in_error::SignInError;
use crate::oauth::upstream::account as upstreams;
use crate::pages;
use crate::pages::FormTarget;
use crate::pages::account::apps::{AppSignIn, AppsSection, DisplacedApp};
use crate::pages::account::notice::Notice;
use crate::pages::account::page::AccountPage;

/// How long the page shows a grant that ended because there were too many, in seconds.
const DISPLACED_IS_NEWS: u64 = 30 * 24 * 3600;

/// Shows the page, or the sign-in to it.
pub(crate) async fn show(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let session = session(oauth, incoming);
    let notice = notice(oauth, incoming, session.as_ref());
    let Some(session) = session else { return sign_in::sign_in_page(oauth, incoming, notice.as_ref(), None) };
    let object = ObjectName::of(session.subject());
    let policy = oauth.secrets.policy().clone();
    let list = ListGrants { signed_in_at: session.signed_in_at(), policy };
    let Some(overview) = oauth.grants().ask(object, list).await? else {
        return Ok(signed_out(oauth, Notice::SignedOut));
    };
    let sealed = session.form_token(oauth.secrets.keys(), &oauth.entropy).ok_or(SignInError::BrokenForm)?;
    let is_owner = oauth.configuration().is_owner(session.subject());
    let content = AccountPage {
        person: session.display_name(),
        notice,
        apps: AppsSection {
            sign_ins: overview.grants.iter().map(|grant| app_of(oauth, grant)).collect(),
            displaced: displaced(&overview.grants, oauth.now),
        },
        keys: access_keys::section(oauth, &session, &overview),
        passkeys: passkeys::section(oauth, &overview.passkeys),
        upstreams: upstreams::entries(oauth, &overview),
        browsers: browsers::entries(oauth, incoming, &overview.browsers),
        all_clients: is_owner.then_some(ACCOUNT_CLIENTS_PATH),
        // With the passphrase there is nobody else, unless an issuer admits people.
        people: (is_owner && has_people(oauth.configuration())).then_some(ACCOUNT_PEOPLE_PATH),
        now: oauth.now,
    };
    let form = FormTarget { action: ACCOUNT_PATH, sealed: &sealed };
    let answer = Answer::page(200, pages::account(&content, &form));
    let is_outdated = overview.passkeys.is_empty() && passkey::is_known(oauth, incoming);
    Ok(if is_outdated { passkey::clear_hint_cookie(oauth, answer) } else { answer })
}

/// Returns whether there can be people beside the owner of the passphrase.
fn has_people(configuration: &Configuration) -> bool {
    configuration.provider.is_some() || !configuration.trusted_issuers.is_empty()
}

/// Returns the grants that ended lately because there were too many, one for each app.
fn displaced(grants: &[GrantSummary], now: Timestamp) -> Vec<DisplacedApp<'_>> {
    let mut latest: BTreeMap<&ClientId, DisplacedApp<'_>> = BTreeMap::new();
    for grant in grants.iter().filter(|grant| now.seconds_since(grant.created_at) < DISPLACED_IS_NEWS) {
        for displaced in &grant.displaced {
            let (name, used_at) = (displaced.client_name.as_deref(), displaced.used_at);
            let app = DisplacedApp { name, used_at, ended_at: grant.created_at };
            let known = latest.entry(&displaced.client_id).or_insert(app);
            if known.ended_at < app.ended_at {
                *known = app;
            }
        }
    }
    let mut latest: Vec<_> = latest.into_values().collect();
    latest.sort_by_key(|app| std::cmp::Reverse(app.ended_at));
    latest
}

fn app_of<'a>(oauth: &'a OAuthContext<'_>, grant: &'a GrantSummary) -> AppSignIn<'a> {
    let (destination_kind, destination) = destination(grant);
    let name_source = name_source(oauth, &grant.client_id, &grant.redirect_uri);
    let name = if let NameSource::Recipient(name) = name_source { Some(name) } else { grant.client_name.as_deref() };
    AppSignIn {
        grant: grant.id.to_string(),
        name,
        name_source,
        destination,
        destination_kind,
        connector: connector_of(oauth, &grant.resource),
        scopes: oauth.app.scopes_of(&grant.resource).described(&grant.scope).collect(),
        connected_at: grant.created_at,
        used_at: grant.used_at,
    }
}

/// Returns who vouches for the name of a client, as on the consent page.
fn name_source(oauth: &OAuthContext<'_>, client: &ClientId, redirect_uri: &str) -> NameSource {
    match oauth.client_resolver().resolve(client) {
        ResolvedClient::PreRegistered(_) => NameSource::Owner,
        ResolvedClient::MetadataDocument(url) => WebUrl::parse(url.id().as_str())
            .map_or(NameSource::SelfAsserted, |url| NameSource::Host(url.host.to_string())),
        ResolvedClient::Registered(_) | ResolvedClient::Unknown => NameSource::of_registered(redirect_uri),
    }
}
