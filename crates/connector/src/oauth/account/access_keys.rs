//! Access keys at the account page: the form that asks for one, and the page that shows it once.

use maud::{Markup, html};

use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::profile::Profile;
use mcp_connector_base::random::Random as _;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_oauth::grants::access_keys::access_key::AccessKey;
use mcp_connector_oauth::grants::access_keys::commands::StoreAccessKey;
use mcp_connector_oauth::grants::access_keys::key_store::StoreKeyError;
use mcp_connector_oauth::grants::access_keys::new_access_key::{KeyLifetime, KeyName, NewAccessKey};
use mcp_connector_oauth::grants::access_keys::stored_key::StoredKey;
use mcp_connector_oauth::grants::access_keys::summary::AccessKeySummary;
use mcp_connector_oauth::grants::account_overview::AccountOverview;
use mcp_connector_oauth::grants::commands::{Grants as _, ListGrants};
use mcp_connector_oauth::login::account_session::Session;
use mcp_connector_oauth::resource::protected_resource::Resource;
use mcp_connector_oauth::web::form::Parameters;

use crate::http::answer::Answer;
use crate::http::route::{ACCOUNT_PATH, McpEndpoint};
use crate::oauth::account::reauthentication::Reauthenticated;
use crate::oauth::account::session::{signed_out, to_page};
use crate::oauth::context::OAuthContext;
use crate::oauth::sign_in_error::SignInError;
use crate::pages;
use crate::pages::account::access_key_made::AccessKeyMade;
use crate::pages::account::access_keys::{
    AccessKeyEntry, AccessKeysSection, DAYS_FIELD, ENDPOINT_FIELD, KEY_NAME_FIELD, KEY_SCOPE_FIELD, KeyAudience, can,
};
use crate::pages::account::notice::Notice;
use crate::pages::components::entry::Facts;
use crate::pages::components::fields::Ticked;
use crate::pages::untrusted_text::isolated;

/// The endpoints that a key may be for, as the form names them.
const ENDPOINTS: [(&str, McpEndpoint); 2] = [("mcp", McpEndpoint::Lazy), ("private", McpEndpoint::Private)];

/// Returns the endpoints that a key may be for, as the form names them: those of this server, and those of the connectors whose sign-in it
/// keeps, by their URLs.
fn endpoints<'a>(oauth: &'a OAuthContext<'_>) -> impl Iterator<Item = (&'a str, &'a Resource)> {
    let own = ENDPOINTS.map(|(name, endpoint)| (name, oauth.site.resource(endpoint)));
    let others = oauth.configuration().connectors.iter().flat_map(|connector| {
        let resources = connector.resources();
        [resources.mcp(), resources.private_mcp()].map(|resource| (resource.as_str(), resource))
    });
    own.into_iter().chain(others)
}

/// Returns what the section of the account page says. `None` where there are no access keys.
pub(crate) fn section<'a>(
    oauth: &'a OAuthContext<'_>,
    session: &Session,
    overview: &'a AccountOverview,
) -> Option<AccessKeysSection<'a>> {
    let longest = oauth.configuration().policy.access_key_days()?;
    let catalogue = &oauth.app.all_scopes;
    let ticked = |is_usual| if is_usual { Ticked::Yes } else { Ticked::No };
    let may_have = scopes_of(oauth, session, overview.profile.as_ref());
    let groups = &oauth.configuration().policy.rules.groups;
    let is_alone = oauth.configuration().connectors.is_empty();
    Some(AccessKeysSection {
        keys: entries(oauth, &overview.keys),
        scopes: catalogue
            .described(&may_have)
            .map(|scope| (scope, ticked(catalogue.sign_in().contains(scope))))
            .collect(),
        endpoints: endpoints(oauth)
            .filter(|(_, resource)| groups.admits(resource, overview.profile.as_ref()))
            .map(|(name, resource)| (name, resource.as_str()))
            .collect(),
        audience: if is_alone { KeyAudience::Own } else { KeyAudience::SeveralConnectors },
        lifetimes: KeyLifetime::choices(longest),
    })
}

/// Returns the keys, for the page of their person and for that of the owner.
pub(crate) fn entries<'a>(oauth: &OAuthContext<'_>, keys: &'a [AccessKeySummary]) -> Vec<AccessKeyEntry<'a>> {
    let entry = |key: &'a AccessKeySummary| AccessKeyEntry {
        id: key.id.to_string(),
        name: key.name.as_str(),
        scopes: oauth.app.scopes_of(&key.resource).described(&key.scope).collect(),
        endpoint: key.resource.as_str(),
        made_at: key.created_at,
        ends_at: key.expires,
        used_on: key.used_on,
    };
    keys.iter().map(entry).collect()
}

/// Returns the scopes that a key of this person may have: no more than the person.
fn scopes_of(oauth: &OAuthContext<'_>, session: &Session, profile: Option<&Profile>) -> ScopeSet {
    oauth.secrets.roles().allowed(oauth.app.all_scopes.all(), session.subject(), profile)
}

/// Returns the same as the person's object knows it, or `None` if they have signed out everywhere. Without roles, everybody may have
/// every scope, and it is not asked.
async fn scopes_now(oauth: &OAuthContext<'_>, session: &Session) -> Result<Option<ScopeSet>, SignInError> {
    if oauth.secrets.roles().is_empty() {
        return Ok(Some(oauth.app.all_scopes.all().clone()));
    }
    let list = ListGrants { signed_in_at: session.signed_in_at(), policy: oauth.secrets.policy().clone() };
    let overview = oauth.grants().ask(ObjectName::of(session.subject()), list).await?;
    Ok(overview.map(|overview| scopes_of(oauth, session, overview.profile.as_ref())))
}

/// Reads the form for a new key.
///
/// # Errors
///
/// The inner error is the notice of a form that the person has to fill in again.
pub(crate) fn read(oauth: &OAuthContext<'_>, form: &Parameters) -> Result<Result<NewAccessKey, Notice>, SignInError> {
    let field = |name| form.get(name).map_err(|_| SignInError::BrokenForm);
    let endpoint = field(ENDPOINT_FIELD)?;
    let resource = endpoints(oauth).find(|(name, _)| Some(*name) == endpoint).ok_or(SignInError::BrokenForm)?.1.clone();
    let Some(longest) = oauth.configuration().policy.access_key_days() else {
        return Ok(Err(Notice::KeyNotAdmitted));
    };
    let lifetime = field(DAYS_FIELD)?.and_then(|days| KeyLifetime::of_days(days, longest));
    let lifetime = lifetime.ok_or(SignInError::BrokenForm)?;
    let Ok(name) = KeyName::parse(field(KEY_NAME_FIELD)?.unwrap_or_default()) else {
        return Ok(Err(Notice::KeyWithoutName));
    };
    let may_have = oauth.app.scopes_of(&resource).all();
    let scope = may_have.filter(|name| form.all(KEY_SCOPE_FIELD).any(|ticked| ticked == name));
    if scope.is_empty() && !may_have.is_empty() {
        return Ok(Err(Notice::KeyWithoutPermission));
    }
    let mut id = [0; 8];
    oauth.entropy.fill(&mut id);
    Ok(Ok(NewAccessKey { id: GrantId::from_bytes(id), name, resource, scope, lifetime }))
}

/// Says what a key will be, on the page that asks for proof.
pub(crate) fn in_words(oauth: &OAuthContext<'_>, wanted: &NewAccessKey) -> Markup {
    let scopes: Vec<_> = oauth.app.scopes_of(&wanted.resource).described(&wanted.scope).collect();
    html! {
        p { "You are making the access key " strong { (isolated(wanted.name.as_str())) } "." }
        (Facts::new()
            .fact("It can", can(&scopes))
            .fact("Endpoint", isolated(wanted.resource.as_str()))
            .fact("Ends after", pages::account::access_keys::in_words(wanted.lifetime)))
    }
}

/// Returns what a connector is called in commands. Of another one only the name for people is known, so that is the first label of its host.
fn name_in_commands<'a>(oauth: &'a OAuthContext<'_>, resource: &Resource) -> &'a str {
    let own = oauth.app.endpoint.registry.info().name.as_str();
    let other = oauth.configuration().connectors.of(resource);
    let label = other.and_then(|other| other.origin().authority().split(['.', ':']).next());
    label.unwrap_or(own)
}

/// Makes the key of a person who has proved who they are, and shows it.
pub(crate) async fn create(
    oauth: &OAuthContext<'_>,
    session: &Session,
    wanted: NewAccessKey,
    _proof: &Reauthenticated,
) -> Result<Answer, SignInError> {
    let Some(may_have) = scopes_now(oauth, session).await? else {
        return Ok(signed_out(oauth, Notice::SignedOut));
    };
    let scope = wanted.scope.intersection(&may_have);
    if scope.is_empty() && !wanted.scope.is_empty() {
        return Ok(to_page(Some(Notice::KeyWithoutPermission)));
    }
    let wanted = NewAccessKey { scope, ..wanted };
    let object = ObjectName::of(session.subject());
    let key = AccessKey::mint(object, wanted.id, &oauth.entropy);
    let stored = StoredKey::new(&key, wanted, &session.person(), oauth.now);
    let (signed_in_at, policy) = (session.signed_in_at(), oauth.secrets.policy().clone());
    let command = StoreAccessKey { signed_in_at, key: stored.clone(), policy };
    match oauth.grants().ask(object, command).await? {
        None => return Ok(signed_out(oauth, Notice::SignedOut)),
        Some(Err(StoreKeyError::TooMany)) => return Ok(to_page(Some(Notice::TooManyKeys))),
        Some(Err(StoreKeyError::Made)) => return Ok(to_page(Some(Notice::KeyMadeAlready))),
        Some(Err(StoreKeyError::NotAdmitted)) => return Ok(to_page(Some(Notice::KeyNotAdmitted))),
        Some(Ok(())) => {}
    }
    let text = key.expose(oauth.secrets.keys().routing());
    let page = AccessKeyMade {
        name: stored.name().as_str(),
        text: &text,
        ends_at: stored.expires(),
        connector: name_in_commands(oauth, stored.resource()),
        url: stored.resource().as_str(),
        key_header: oauth.configuration().key_header.shown(),
        back: ACCOUNT_PATH,
    };
    Ok(Answer::page(200, pages::access_key_made(&page)))
}
